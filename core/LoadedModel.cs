using Glm5.Core.Accelerator;
using Glm5.Core.Chat;
using Glm5.Core.Kv;
using Glm5.Core.Model;
using Glm5.Core.Tokenization;
using Glm5.Core.Weights;

namespace Glm5.Core;

/// <summary>A model that is ready to run steps. Owns weights, ranks and caches; disposed after the engine that uses it.</summary>
public sealed class LoadedModel(IWeightCatalog weights, StepRunner runner) : IDisposable
{
    /// <summary>The model's config, as these files can serve it.</summary>
    public ModelConfig Config => weights.Config;

    /// <summary>The sampling that the checkpoint recommends.</summary>
    public GenerationDefaults Generation => weights.Generation;

    /// <summary>Tensors in use, scales counted.</summary>
    public int TensorCount => weights.TensorCount;

    /// <summary>Bytes of weights.</summary>
    public long WeightBytes => weights.TotalBytes;

    /// <summary>Runs steps.</summary>
    public StepRunner Runner { get; } = runner;

    /// <summary>Text to ids and back; null when token ids are served.</summary>
    public required Tokenizer? Tokenizer { get; init; }

    /// <summary>Messages to prompts; null when the checkpoint has no template.</summary>
    public required ChatTemplate? Template { get; init; }

    /// <summary>The longest context, prompt and answer together.</summary>
    public required int ContextLength { get; init; }

    /// <summary>The caches' size and its reasons.</summary>
    public required KvPoolSize Pool { get; init; }

    /// <summary>The device it runs on.</summary>
    public required Capabilities Capabilities { get; init; }

    /// <summary>Ends the ranks, then unmaps the weights.</summary>
    public void Dispose()
    {
        Runner.Dispose();
        weights.Dispose();
    }
}
