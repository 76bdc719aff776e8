using Glm5.Core.Accelerator;
using Glm5.Core.Chat;
using Glm5.Core.Kv;
using Glm5.Core.Model;
using Glm5.Core.Parallel;
using Glm5.Core.Tokenization;
using Glm5.Core.Weights;
using Microsoft.Extensions.Logging;

namespace Glm5.Core;

/// <summary>
/// From a folder to a model that can run steps: open and check everything, refuse what cannot fit, and only then read
/// weights, pack each rank's shard and allocate the caches.
/// </summary>
public static partial class ModelLoader
{
    private const int MostDrafts = 7;

    /// <summary>Loads a model. Blocks until it is ready; progress is told to <paramref name="progress"/>.</summary>
    /// <exception cref="CheckpointException">The weights are not usable; lists every problem.</exception>
    /// <exception cref="ModelConfigException">config.json is not usable; lists every problem.</exception>
    /// <exception cref="TokenizerException">tokenizer.json is not usable.</exception>
    /// <exception cref="AcceleratorException">The device cannot take the model; says what would fit.</exception>
    public static LoadedModel Load(
        ModelOptions options, Backend backend, LoadProgress progress, ILogger logger, CancellationToken cancel)
    {
        progress.Enter(LoadPhase.Opening);
        Checkpoint checkpoint = Checkpoint.Open(
            options.Folder, new CheckpointOptions { MapFiles = !options.ReadInsteadOfMap, Logger = logger });
        IReadOnlyList<IAccelerator> accelerators = [];
        try
        {
            progress.Enter(LoadPhase.Checking);
            (Tokenizer? tokenizer, ChatTemplate? template) = ModelText.Load(options, checkpoint.Config, logger);
            int context = ContextLength(options, checkpoint.Config);
            CheckDrafts(options, checkpoint.Config);
            if (options.SpeculativeTokens > 1 && checkpoint.Config.IndexShareForMtpIteration)
                LogDraftSelections(logger);
            accelerators = backend.Open(new DeviceRequest(options.Ranks, ArenaBytes(options, checkpoint.Config, context), options.Threads));
            KvSpec spec = Spec(options, checkpoint.Config, accelerators[0].Capabilities);
            KvPoolSize.Decide(options, accelerators[0], spec, context, checkpoint.TotalBytes);

            CheckpointReader.ReadAll(checkpoint, progress, cancel);
            progress.Enter(LoadPhase.Packing);
            RankModel[] ranks = PackEveryRank(checkpoint, accelerators, options, spec, context, logger, cancel, out KvPoolSize pool);
            LogPool(logger, pool.Blocks, pool.BlockSlots, pool.Tokens, pool.Bytes / 1e9, pool.FreeBytes / 1e9);
            var group = new RankGroup(
                ranks, checkpoint.Config.VocabSize, Identity(checkpoint), options.SpeculativeTokens);
            return new LoadedModel(checkpoint, group)
            {
                Tokenizer = tokenizer,
                Template = template,
                ContextLength = context,
                Pool = pool,
                Capabilities = accelerators[0].Capabilities,
            };
        }
        catch
        {
            foreach (IAccelerator accelerator in accelerators)
                accelerator.Dispose();
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Weights in place hold memory that the system calls free, because it could drop and read them again.</summary>
    private static long CachedWeightBytes(ModelOptions options, IAccelerator accelerator, Checkpoint checkpoint) =>
        accelerator.Capabilities.SharesMemory && !options.ReadInsteadOfMap ? checkpoint.TotalBytes : 0;

    private static string Identity(Checkpoint checkpoint) =>
        $"{Path.GetFullPath(checkpoint.Folder)} of {checkpoint.TotalBytes} bytes";

    private static int ContextLength(ModelOptions options, ModelConfig config)
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
        if (options.SpeculativeTokens > 0 && config.DraftLayerCount == 0)
        {
            throw new AcceleratorException(
                $"{options.SpeculativeTokens} speculative tokens are asked for and {options.Folder} has no draft "
                + "layer; serve it without them");
        }
    }

    private static long ArenaBytes(ModelOptions options, ModelConfig config, int context)
    {
        int sequences = Math.Min(options.MaxSequences, options.MaxBatchedTokens), drafts = options.SpeculativeTokens;
        long rows = Math.Min((1L + drafts) * sequences, options.MaxBatchedTokens);
        long bytes = ArenaSize.Bytes(config, options.MaxBatchedTokens, rows, context);
        return drafts == 0 ? bytes : bytes + ArenaSize.DraftBytes(config, options.MaxBatchedTokens, rows, sequences);
    }

    private static KvSpec Spec(ModelOptions options, ModelConfig config, Capabilities capabilities)
    {
        int slots = options.BlockSlots > 0 ? options.BlockSlots : capabilities.BlockSlots[0];
        foreach (int accepted in capabilities.BlockSlots)
        {
            if (accepted == slots)
            {
                int layers = config.LayerCount + (options.SpeculativeTokens > 0 ? config.DraftLayerCount : 0);
                return new KvSpec(layers, config.KvLoraRank, config.QkRopeHeadDim, config.IndexHeadDim, slots);
            }
        }

        throw new AcceleratorException(
            $"--block-size {slots} is not one that {capabilities.Backend} accepts: {string.Join(", ", capabilities.BlockSlots)}");
    }

    private static RankModel[] PackEveryRank(
        Checkpoint checkpoint, IReadOnlyList<IAccelerator> accelerators, ModelOptions options, KvSpec spec, int context,
        ILogger logger, CancellationToken cancel, out KvPoolSize pool)
    {
        var made = new Stack<IDisposable>();
        try
        {
            var weights = new ModelWeights[accelerators.Count];
            for (int r = 0; r < weights.Length; r++)
            {
                weights[r] = WeightPacking.Load(checkpoint, accelerators[r], new RankShard(r, weights.Length), cancellation: cancel);
                made.Push(weights[r]);
            }

            pool = KvPoolSize.Decide(options, accelerators[0], spec, context, CachedWeightBytes(options, accelerators[0], checkpoint));
            var ranks = new RankModel[weights.Length];
            for (int r = 0; r < ranks.Length; r++)
            {
                KvStore kv = accelerators[r].CreateKvStore(spec, pool.Blocks);
                made.Push(kv);
                ranks[r] = new RankModel(accelerators[r], weights[r], new Glm5Model(checkpoint.Config, weights[r], accelerators[r]), kv);
            }

            LogConversions(logger, weights[0].Conversions);
            return ranks;
        }
        catch
        {
            while (made.TryPop(out IDisposable? part))
                part.Dispose();
            throw;
        }
    }

    /// <summary>Says what the device could not take as it is stored, and what that costs in accuracy.</summary>
    private static void LogConversions(ILogger logger, IReadOnlyList<WeightConversion> conversions)
    {
        if (conversions.Count == 0)
            return;
        WeightConversion worst = conversions[0];
        double error = 0, size = 0;
        foreach (WeightConversion conversion in conversions)
        {
            (error, size) = (error + conversion.SquaredError, size + conversion.Squared);
            if (conversion.RelativeError > worst.RelativeError)
                worst = conversion;
        }

        double all = size == 0 ? 0 : 100 * Math.Sqrt(error / size);
        LogConverted(logger, conversions.Count, worst.From, worst.To, all, 100 * worst.RelativeError, worst.Name);
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Count} weights of the first rank stored as {From} were converted to {To}, which the device computes in: "
            + "relative error {Error:F3} %, at most {Worst:F3} % in {Name}")]
    private static partial void LogConverted(
        ILogger logger, int count, ElementType from, ElementType to, double error, double worst, string name);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "index_share_for_mtp_iteration is set, and every chained draft selects its own tokens: answers are the same, fewer drafts may be accepted")]
    private static partial void LogDraftSelections(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "KV cache: {Blocks} blocks of {Slots} slots for {Tokens} tokens, {PoolGigabytes:F2} GB of {FreeGigabytes:F2} GB free")]
    private static partial void LogPool(
        ILogger logger, int blocks, int slots, long tokens, double poolGigabytes, double freeGigabytes);
}
