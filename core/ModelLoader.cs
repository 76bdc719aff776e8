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
            accelerators = backend.Open(new DeviceRequest(options.Ranks, ArenaBytes(options, checkpoint.Config, context), options.Threads));
            KvSpec spec = Spec(options, checkpoint.Config, accelerators[0].Capabilities);
            KvPoolSize.Decide(options, accelerators[0], spec, context, checkpoint.TotalBytes + HostCacheBytes(options, accelerators[0]));

            CheckpointReader.ReadAll(checkpoint, progress, cancel);
            progress.Enter(LoadPhase.Packing);
            HostCacheSize hostCache = HostCache(options, accelerators[0].KvBlockBytes(spec));
            RankModel[] ranks = PackEveryRank(
                checkpoint, accelerators, options, spec, context, hostCache, cancel, out KvPoolSize pool);
            LogPool(
                logger, pool.Blocks, pool.BlockSlots, pool.Tokens, pool.BlockBytes / pool.BlockSlots, spec.Format, pool.Bytes / 1e9,
                pool.FreeBytes / 1e9);
            if (hostCache.Blocks > 0)
                LogHostCache(logger, hostCache.Blocks, (long)hostCache.Blocks * spec.BlockSlots, options.HostCacheBytes / 1e9);
            var group = new RankGroup(
                ranks, checkpoint.Config.VocabSize, Identity(checkpoint), options.LayerDrafts, hostCache);
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

    /// <summary>Copies on the host take from the same memory where the ranks compute in it.</summary>
    private static long HostCacheBytes(ModelOptions options, IAccelerator accelerator) =>
        accelerator.Capabilities.SharesMemory ? options.HostCacheBytes : 0;

    private static HostCacheSize HostCache(ModelOptions options, long blockBytes)
    {
        if (options.HostCacheBytes == 0)
            return default;
        if (!options.PrefixCaching)
        {
            throw new AcceleratorException(
                "--host-cache-gib keeps what the prefix cache finds, and --no-prefix-caching is set; leave one of them out");
        }

        HostCacheSize size = HostCacheSize.Of(options.HostCacheBytes / options.Ranks, blockBytes);
        return size.Blocks > 0
            ? size
            : throw new AcceleratorException(
                $"--host-cache-gib gives each rank {options.HostCacheBytes / options.Ranks:N0} bytes, and one block has "
                + $"{blockBytes:N0}; give more or leave it out");
    }

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
        if (options.LayerDrafts > 0 && config.DraftLayerCount == 0)
        {
            throw new AcceleratorException(
                $"{options.SpeculativeTokens} speculative tokens are asked for and {options.Folder} has no draft "
                + "layer; serve it without them, or let prompt lookup draft with --speculative-method ngram");
        }
    }

    private static long ArenaBytes(ModelOptions options, ModelConfig config, int context)
    {
        int sequences = Math.Min(options.MaxSequences, options.MaxBatchedTokens), drafts = options.SpeculativeTokens;
        long rows = Math.Min((1L + drafts) * sequences, options.MaxBatchedTokens);
        long bytes = ArenaSize.Bytes(config, options.MaxBatchedTokens, rows, context);
        return options.LayerDrafts == 0 ? bytes : bytes + ArenaSize.DraftBytes(config, options.MaxBatchedTokens, rows, sequences);
    }

    private static KvSpec Spec(ModelOptions options, ModelConfig config, Capabilities capabilities)
    {
        int slots = options.BlockSlots > 0 ? options.BlockSlots : capabilities.BlockSlots[0];
        foreach (int accepted in capabilities.BlockSlots)
        {
            if (accepted == slots)
            {
                int layers = config.LayerCount + (options.LayerDrafts > 0 ? config.DraftLayerCount : 0);
                return new KvSpec(layers, config.KvLoraRank, config.QkRopeHeadDim, config.IndexHeadDim, slots)
                {
                    Format = Format(options, capabilities),
                };
            }
        }

        throw new AcceleratorException(
            $"--block-size {slots} is not one that {capabilities.Backend} accepts: {string.Join(", ", capabilities.BlockSlots)}");
    }

    private static KvFormat Format(ModelOptions options, Capabilities capabilities)
    {
        if (options.KvFormat is not { } wanted)
            return capabilities.KvFormats[0];
        foreach (KvFormat format in capabilities.KvFormats)
        {
            if (format == wanted)
                return wanted;
        }

        throw new AcceleratorException(
            $"--kv-cache-dtype {wanted} is not one that {capabilities.Backend} has: {string.Join(", ", capabilities.KvFormats)}");
    }

    private static RankModel[] PackEveryRank(
        Checkpoint checkpoint, IReadOnlyList<IAccelerator> accelerators, ModelOptions options, KvSpec spec, int context,
        HostCacheSize hostCache, CancellationToken cancel, out KvPoolSize pool)
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

            long beside = CachedWeightBytes(options, accelerators[0], checkpoint) + HostCacheBytes(options, accelerators[0]);
            pool = KvPoolSize.Decide(options, accelerators[0], spec, context, beside);
            var ranks = new RankModel[weights.Length];
            for (int r = 0; r < ranks.Length; r++)
            {
                KvStore kv = accelerators[r].CreateKvStore(spec, pool.Blocks);
                made.Push(kv);
                HostBlocks? host = hostCache.Blocks > 0 ? new HostBlocks(hostCache.Blocks, kv.BlockBytes) : null;
                var model = new Glm5Model(checkpoint.Config, weights[r], accelerators[r]);
                ranks[r] = new RankModel(accelerators[r], weights[r], model, kv, host);
            }

            return ranks;
        }
        catch
        {
            while (made.TryPop(out IDisposable? part))
                part.Dispose();
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Host cache: {Blocks} blocks for {Tokens} tokens, {Gigabytes:F2} GB over all ranks")]
    private static partial void LogHostCache(ILogger logger, int blocks, long tokens, double gigabytes);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "KV cache: {Blocks} blocks of {Slots} slots for {Tokens} tokens, {TokenBytes} bytes a token in {Format}, "
        + "{PoolGigabytes:F2} GB of {FreeGigabytes:F2} GB free")]
    private static partial void LogPool(
        ILogger logger, int blocks, int slots, long tokens, long tokenBytes, KvFormat format, double poolGigabytes,
        double freeGigabytes);
}
