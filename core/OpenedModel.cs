using Glm5.Core.Accelerator;
using Glm5.Core.Chat;
using Glm5.Core.Model;
using Glm5.Core.Planning;
using Glm5.Core.Sampling;
using Glm5.Core.Tokenization;
using Glm5.Core.Weights;
using Microsoft.Extensions.Logging;

namespace Glm5.Core;

/// <summary>
/// A checkpoint whose files are open and checked, and not read yet: all that is known of a model without a device. Whoever
/// opened it disposes it, or hands it to a <see cref="LoadedModel"/>.
/// </summary>
public sealed class OpenedModel : IDisposable
{
    private const int MostDrafts = 7;

    private OpenedModel(IWeightCatalog weights, string folder, int contextLength, Tokenizer? tokenizer)
    {
        (Weights, ContextLength, Tokenizer) = (weights, contextLength, tokenizer);
        Identity = $"{Path.GetFullPath(folder)} of {weights.TotalBytes} bytes";
        Unnamed = tokenizer is null
            ? TokenMask.Nothing
            : TokenMask.AllBut(
                id => id < tokenizer.VocabularySize && tokenizer.IsNamed(id), weights.Config.VocabSize);
    }

    /// <summary>Its weights: the files, or their shapes for a device that computes no values.</summary>
    public IWeightCatalog Weights { get; }

    /// <summary>The files, of a model that was opened with them.</summary>
    public Checkpoint Checkpoint => (Checkpoint)Weights;

    /// <summary>The longest context, prompt and answer together.</summary>
    public int ContextLength { get; }

    /// <summary>Text to ids and back; null when token ids are served.</summary>
    public Tokenizer? Tokenizer { get; }

    /// <summary>Messages to prompts; null when the checkpoint has no template.</summary>
    public ChatTemplate? Template { get; private init; }

    /// <summary>Ids that name nothing, and are never chosen.</summary>
    public TokenMask Unnamed { get; }

    /// <summary>Names the model's rows in the caches.</summary>
    public string Identity { get; }

    /// <summary>Opens and checks everything. No weight is read.</summary>
    /// <param name="options">Where it is and how it is to be served.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="logger">Told what is odd.</param>
    /// <param name="readsWeights">False where the shapes of the weights are enough.</param>
    /// <exception cref="CheckpointException">The weights are not usable; lists every problem.</exception>
    /// <exception cref="ModelConfigException">config.json is not usable; lists every problem.</exception>
    /// <exception cref="TokenizerException">tokenizer.json is not usable.</exception>
    /// <exception cref="AcceleratorException">The options ask for what the model does not have.</exception>
    public static OpenedModel Open(ModelOptions options, LoadProgress progress, ILogger logger, bool readsWeights = true)
    {
        progress.Enter(LoadPhase.Opening);
        IWeightCatalog weights = readsWeights
            ? Checkpoint.Open(options.Folder, new CheckpointOptions { MapFiles = !options.ReadInsteadOfMap, Logger = logger })
            : WeightBlueprint.Open(options.Folder);
        try
        {
            progress.Enter(LoadPhase.Checking);
            (Tokenizer? tokenizer, ChatTemplate? template) = ModelText.Load(options, weights.Config, logger);
            int context = ServingSizes.ContextLength(options, weights.Config);
            CheckDrafts(options, weights.Config);
            return new OpenedModel(weights, options.Folder, context, tokenizer) { Template = template };
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Unmaps the weights.</summary>
    public void Dispose() => Weights.Dispose();

    private static void CheckDrafts(ModelOptions options, ModelConfig config)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.SpeculativeTokens);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.SpeculativeTokens, MostDrafts);
        if (options.LayerDrafts > 0 && config.DraftLayerCount == 0)
        {
            throw new AcceleratorException(
                $"{options.SpeculativeTokens} speculative tokens are asked for and {options.Folder} has no draft "
                + "layer; serve it without them, or let prompt lookup draft with --speculative-method ngram");
        }
    }
}
