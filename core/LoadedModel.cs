using Glm5.Core.Accelerator;
using Glm5.Core.Chat;
using Glm5.Core.Kv;
using Glm5.Core.Model;
using Glm5.Core.Sampling;
using Glm5.Core.Tokenization;

namespace Glm5.Core;

/// <summary>A model that is ready to run steps. Owns weights, ranks and caches; disposed after the engine that uses it.</summary>
public sealed class LoadedModel(OpenedModel opened, IReadOnlyList<StepRunner> runners) : IDisposable
{
    /// <summary>The model's config, as these files can serve it.</summary>
    public ModelConfig Config => opened.Weights.Config;

    /// <summary>The sampling that the checkpoint recommends.</summary>
    public GenerationDefaults Generation => opened.Weights.Generation;

    /// <summary>Tensors in use, scales counted.</summary>
    public int TensorCount => opened.Weights.TensorCount;

    /// <summary>Bytes of weights.</summary>
    public long WeightBytes => opened.Weights.TotalBytes;

    /// <summary>Run steps, one a group of ranks. Their steps go together: see <see cref="StepRunner"/>.</summary>
    public IReadOnlyList<StepRunner> Runners { get; } = runners;

    /// <summary>Text to ids and back; null when token ids are served.</summary>
    public Tokenizer? Tokenizer => opened.Tokenizer;

    /// <summary>Messages to prompts; null when the checkpoint has no template.</summary>
    public ChatTemplate? Template => opened.Template;

    /// <summary>Ids that name nothing, and are never chosen.</summary>
    public TokenMask Unnamed => opened.Unnamed;

    /// <summary>The longest context, prompt and answer together.</summary>
    public int ContextLength { get; init; } = opened.ContextLength;

    /// <summary>The caches' size and its reasons.</summary>
    public required KvPoolSize Pool { get; init; }

    /// <summary>The device it runs on.</summary>
    public required Capabilities Capabilities { get; init; }

    /// <summary>Ends the ranks, then unmaps the weights.</summary>
    public void Dispose()
    {
        foreach (StepRunner runner in Runners)
            runner.Dispose();
        opened.Dispose();
    }
}
