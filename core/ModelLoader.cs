using Glm5.Core.Accelerator;
using Glm5.Core.Chat;
using Glm5.Core.Kv;
using Glm5.Core.Model;
using Glm5.Core.Parallel;
using Glm5.Core.Planning;
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
        IWeightCatalog weights = backend.ReadsWeights
            ? Checkpoint.Open(options.Folder, new CheckpointOptions { MapFiles = !options.ReadInsteadOfMap, Logger = logger })
            : WeightBlueprint.Open(options.Folder);
        IReadOnlyList<IAccelerator> accelerators = [];
        try
        {
            progress.Enter(LoadPhase.Checking);
            (Tokenizer? tokenizer, ChatTemplate? template) = ModelText.Load(options, weights.Config, logger);
            int context = ServingSizes.ContextLength(options, weights.Config);
            CheckDrafts(options, weights.Config);
            if (options.SpeculativeTokens > 1 && weights.Config.IndexShareForMtpIteration)
                LogDraftSelections(logger);
            if (backend.Footprint is { } footprint)
                FitCheck.Require(weights, footprint, options);
            long arena = ServingSizes.ArenaBytes(options, weights.Config, context);
            accelerators = backend.Open(new DeviceRequest(options.Ranks, arena, options.Threads));
            KvSpec spec = ServingSizes.Caches(
                options, weights.Config, accelerators[0].Capabilities.BlockSlots, backend.Name);
            if (backend.Footprint is null)
                KvPoolSize.Decide(options, accelerators[0], spec, context, weights.TotalBytes);

            if (weights is Checkpoint checkpoint)
                CheckpointReader.ReadAll(checkpoint, progress, cancel);
            progress.Enter(LoadPhase.Packing);
            RankModel[] ranks = PackEveryRank(weights, accelerators, options, spec, context, cancel, out KvPoolSize pool);
            LogPool(logger, pool.Blocks, pool.BlockSlots, pool.Tokens, pool.Bytes / 1e9, pool.FreeBytes / 1e9);
            var group = new RankGroup(
                ranks, weights.Config.VocabSize, Identity(options, weights), options.SpeculativeTokens);
            return new LoadedModel(weights, group)
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
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Weights in place hold memory that the system calls free, because it could drop and read them again.</summary>
    private static long CachedWeightBytes(ModelOptions options, IAccelerator accelerator, IWeightCatalog weights) =>
        accelerator.Capabilities.SharesMemory && !options.ReadInsteadOfMap ? weights.TotalBytes : 0;

    private static string Identity(ModelOptions options, IWeightCatalog weights) =>
        $"{Path.GetFullPath(options.Folder)} of {weights.TotalBytes} bytes";

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

    private static RankModel[] PackEveryRank(
        IWeightCatalog weights, IReadOnlyList<IAccelerator> accelerators, ModelOptions options, KvSpec spec, int context,
        CancellationToken cancel, out KvPoolSize pool)
    {
        var made = new Stack<IDisposable>();
        try
        {
            var packed = new ModelWeights[accelerators.Count];
            for (int r = 0; r < packed.Length; r++)
            {
                packed[r] = WeightPacking.Load(weights, accelerators[r], new RankShard(r, packed.Length), cancellation: cancel);
                made.Push(packed[r]);
            }

            pool = KvPoolSize.Decide(options, accelerators[0], spec, context, CachedWeightBytes(options, accelerators[0], weights));
            var ranks = new RankModel[packed.Length];
            for (int r = 0; r < ranks.Length; r++)
            {
                KvStore kv = accelerators[r].CreateKvStore(spec, pool.Blocks);
                made.Push(kv);
                ranks[r] = new RankModel(accelerators[r], packed[r], new Glm5Model(weights.Config, packed[r], accelerators[r]), kv);
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

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "index_share_for_mtp_iteration is set, and every chained draft selects its own tokens: answers are the same, fewer drafts may be accepted")]
    private static partial void LogDraftSelections(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "KV cache: {Blocks} blocks of {Slots} slots for {Tokens} tokens, {PoolGigabytes:F2} GB of {FreeGigabytes:F2} GB free")]
    private static partial void LogPool(
        ILogger logger, int blocks, int slots, long tokens, double poolGigabytes, double freeGigabytes);
}
