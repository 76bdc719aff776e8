using Glm5.Core.Accelerator;
using Glm5.Core.Chat;
using Glm5.Core.Model;
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

    private OpenedModel(Checkpoint checkpoint, int contextLength, Tokenizer? tokenizer)
    {
        (Checkpoint, ContextLength, Tokenizer) = (checkpoint, contextLength, tokenizer);
        Unnamed = tokenizer is null
            ? TokenMask.Nothing
            : TokenMask.AllBut(
                id => id < tokenizer.VocabularySize && tokenizer.IsNamed(id), checkpoint.Config.VocabSize);
    }

    /// <summary>The files.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>The longest context, prompt and answer together.</summary>
    public int ContextLength { get; }

    /// <summary>Text to ids and back; null when token ids are served.</summary>
    public Tokenizer? Tokenizer { get; }

    /// <summary>Messages to prompts; null when the checkpoint has no template.</summary>
    public ChatTemplate? Template { get; private init; }

    /// <summary>Ids that name nothing, and are never chosen.</summary>
    public TokenMask Unnamed { get; }

    /// <summary>Names the model's rows in the caches.</summary>
    public string Identity => $"{Path.GetFullPath(Checkpoint.Folder)} of {Checkpoint.TotalBytes} bytes";

    /// <summary>Opens and checks everything. No weight is read.</summary>
    /// <exception cref="CheckpointException">The weights are not usable; lists every problem.</exception>
    /// <exception cref="ModelConfigException">config.json is not usable; lists every problem.</exception>
    /// <exception cref="TokenizerException">tokenizer.json is not usable.</exception>
    /// <exception cref="AcceleratorException">The options ask for what the model does not have.</exception>
    public static OpenedModel Open(ModelOptions options, LoadProgress progress, ILogger logger)
    {
        progress.Enter(LoadPhase.Opening);
        Checkpoint checkpoint = Checkpoint.Open(
            options.Folder, new CheckpointOptions { MapFiles = !options.ReadInsteadOfMap, Logger = logger });
        try
        {
            progress.Enter(LoadPhase.Checking);
            (Tokenizer? tokenizer, ChatTemplate? template) = ModelText.Load(options, checkpoint.Config, logger);
            int context = LongestContext(options, checkpoint.Config);
            CheckDrafts(options, checkpoint.Config);
            return new OpenedModel(checkpoint, context, tokenizer) { Template = template };
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Unmaps the weights.</summary>
    public void Dispose() => Checkpoint.Dispose();

    private static int LongestContext(ModelOptions options, ModelConfig config)
    {
        if (options.MaxModelLength > config.MaxPositions)
        {
            throw new AcceleratorException(
                $"--max-model-len {options.MaxModelLength} is beyond the model's max_position_embeddings of {config.MaxPositions}; "
                + "its rotary positions were not trained there");
        }

        return options.MaxModelLength > 0 ? options.MaxModelLength : config.MaxPositions;
    }

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
