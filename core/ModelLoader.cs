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
        Checkpoint checkpoint = Checkpoint.Open(
            options.Folder, new CheckpointOptions { MapFiles = !options.ReadInsteadOfMap, Logger = logger });
        IReadOnlyList<IAccelerator> accelerators = [];
        try
        {
            progress.Enter(LoadPhase.Checking);
            (Tokenizer? tokenizer, ChatTemplate? template) = ModelText.Load(options, checkpoint.Config, logger);
            int context = ServingSizes.ContextLength(options, checkpoint.Config);
            CheckDrafts(options, checkpoint.Config);
            if (options.SpeculativeTokens > 1 && checkpoint.Config.IndexShareForMtpIteration)
                LogDraftSelections(logger);
            if (backend.Footprint is { } footprint)
                FitCheck.Require(checkpoint, footprint, options);
            long arena = ServingSizes.ArenaBytes(options, checkpoint.Config, context);
            accelerators = backend.Open(new DeviceRequest(options.Ranks, arena, options.Threads));
            KvSpec spec = ServingSizes.Caches(
                options, checkpoint.Config, accelerators[0].Capabilities.BlockSlots, backend.Name);
            if (backend.Footprint is null)
                KvPoolSize.Decide(options, accelerators[0], spec, context, checkpoint.TotalBytes);

            CheckpointReader.ReadAll(checkpoint, progress, cancel);
            progress.Enter(LoadPhase.Packing);
            RankModel[] ranks = PackEveryRank(checkpoint, accelerators, options, spec, context, cancel, out KvPoolSize pool);
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
        Checkpoint checkpoint, IReadOnlyList<IAccelerator> accelerators, ModelOptions options, KvSpec spec, int context,
        CancellationToken cancel, out KvPoolSize pool)
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
