using Glm5.Core.Accelerator;
using Glm5.Core.Model;
using Glm5.Core.Sampling;

namespace Glm5.Core.Planning;

/// <summary>The sizes that serving a model with given options takes: what the loader allocates and planning counts.</summary>
public static class ServingSizes
{
    /// <summary>Tokens of the longest context.</summary>
    /// <exception cref="AcceleratorException">More was asked for than the model was trained for.</exception>
    public static int ContextLength(ModelOptions options, ModelConfig config)
    {
        if (options.MaxModelLength > config.MaxPositions)
        {
            throw new AcceleratorException(
                $"--max-model-len {options.MaxModelLength} is beyond the model's max_position_embeddings of {config.MaxPositions}; "
                + "its rotary positions were not trained there");
        }

        return options.MaxModelLength > 0 ? options.MaxModelLength : config.MaxPositions;
    }

    /// <summary>Bytes of each rank's activation arena.</summary>
    public static long ArenaBytes(ModelOptions options, ModelConfig config, int context)
    {
        int sequences = Math.Min(options.MaxSequences, options.MaxBatchedTokens), drafts = options.SpeculativeTokens;
        long rows = Math.Min(((1L + drafts) * sequences) + SampleBatch.ScoresPerStep, options.MaxBatchedTokens);
        long bytes = ArenaSize.Bytes(config, options.MaxBatchedTokens, rows, context);
        if (options.ExpertsAreSpread)
            bytes += ArenaSize.SpreadBytes(config, options.MaxBatchedTokens, options.Groups);
        return options.LayerDrafts == 0 ? bytes : bytes + ArenaSize.DraftBytes(config, options.MaxBatchedTokens, rows, sequences);
    }

    /// <summary>The shape of each rank's caches.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="config">The model.</param>
    /// <param name="accepted">Slots in a block that the device accepts, preferred first.</param>
    /// <param name="formats">How it can store rows, preferred first.</param>
    /// <param name="device">How a refusal names the device.</param>
    /// <exception cref="AcceleratorException">The device does not accept such blocks or formats.</exception>
    public static KvSpec Caches(
        ModelOptions options, ModelConfig config, IReadOnlyList<int> accepted, IReadOnlyList<KvFormat> formats, string device)
    {
        int slots = options.BlockSlots > 0 ? options.BlockSlots : accepted[0];
        foreach (int candidate in accepted)
        {
            if (candidate == slots)
            {
                int layers = config.LayerCount + (options.LayerDrafts > 0 ? config.DraftLayerCount : 0);
                return new KvSpec(layers, config.KvLoraRank, config.QkRopeHeadDim, config.IndexHeadDim, slots)
                {
                    Format = Format(options, formats, device),
                };
            }
        }

        throw new AcceleratorException(
            $"--block-size {slots} is not one that {device} accepts: {string.Join(", ", accepted)}");
    }

    private static KvFormat Format(ModelOptions options, IReadOnlyList<KvFormat> formats, string device)
    {
        if (options.KvFormat is not { } wanted)
            return formats[0];
        foreach (KvFormat format in formats)
        {
            if (format == wanted)
                return wanted;
        }

        throw new AcceleratorException(
            $"--kv-cache-dtype {wanted} is not one that {device} has: {string.Join(", ", formats)}");
    }
}
