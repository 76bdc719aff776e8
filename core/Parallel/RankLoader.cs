using Glm5.Core.Accelerator;
using Glm5.Core.Kv;
using Glm5.Core.Model;
using Glm5.Core.Weights;

namespace Glm5.Core.Parallel;

/// <summary>
/// From an opened model to ranks that can run steps: refuse what cannot fit, and only then read weights, pack the shards of
/// the ranks that are in this process, and allocate their caches.
/// </summary>
public static class RankLoader
{
    /// <summary>What a backend is to open for these options.</summary>
    public static DeviceRequest Request(OpenedModel model, ModelOptions options) =>
        new(options.Ranks, ArenaBytes(options, model.Checkpoint.Config, model.ContextLength), options.Threads)
        {
            Groups = options.Groups,
        };

    /// <summary>Loads the ranks of this process. Blocks; takes over the accelerators, which it disposes when it fails.</summary>
    /// <param name="model">The files.</param>
    /// <param name="options">How they are to be served.</param>
    /// <param name="accelerators">The ranks' devices.</param>
    /// <param name="firstRank">The first of them among all ranks, group by group.</param>
    /// <param name="agree">Makes one number of blocks of what each process could have; null when all ranks are in this one.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="AcceleratorException">The device cannot take the model; says what would fit.</exception>
    public static LoadedRanks Load(
        OpenedModel model, ModelOptions options, IReadOnlyList<IAccelerator> accelerators, int firstRank,
        Func<int, int>? agree, LoadProgress progress, CancellationToken cancel)
    {
        try
        {
            Checkpoint checkpoint = model.Checkpoint;
            KvSpec spec = Spec(options, checkpoint.Config, accelerators[0].Capabilities);
            KvPoolSize.Decide(options, accelerators[0], spec, model.ContextLength, checkpoint.TotalBytes);
            CheckpointReader.ReadAll(checkpoint, progress, cancel);
            progress.Enter(LoadPhase.Packing);
            return PackEveryRank(model, accelerators, firstRank, options, spec, agree, cancel);
        }
        catch
        {
            foreach (IAccelerator accelerator in accelerators)
                accelerator.Dispose();
            throw;
        }
    }

    /// <summary>Weights in place hold memory that the system calls free, because it could drop and read them again.</summary>
    private static long CachedWeightBytes(ModelOptions options, IAccelerator accelerator, Checkpoint checkpoint) =>
        accelerator.Capabilities.SharesMemory && !options.ReadInsteadOfMap ? checkpoint.TotalBytes : 0;

    private static long ArenaBytes(ModelOptions options, ModelConfig config, int context)
    {
        int sequences = Math.Min(options.MaxSequences, options.MaxBatchedTokens), drafts = options.SpeculativeTokens;
        long rows = Math.Min((1L + drafts) * sequences, options.MaxBatchedTokens);
        long bytes = ArenaSize.Bytes(config, options.MaxBatchedTokens, rows, context);
        if (options.ExpertsAreSpread)
            bytes += ArenaSize.SpreadBytes(config, options.MaxBatchedTokens, options.Groups);
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

    private static LoadedRanks PackEveryRank(
        OpenedModel model, IReadOnlyList<IAccelerator> accelerators, int firstRank, ModelOptions options, KvSpec spec,
        Func<int, int>? agree, CancellationToken cancel)
    {
        Checkpoint checkpoint = model.Checkpoint;
        var made = new Stack<IDisposable>();
        try
        {
            var weights = new ModelWeights[accelerators.Count];
            for (int r = 0; r < weights.Length; r++)
            {
                int rank = firstRank + r;
                var shard = new RankShard(rank % options.Ranks, options.Ranks);
                RankShard? spread = options.ExpertsAreSpread ? new RankShard(rank, options.TotalRanks) : null;
                weights[r] = WeightPacking.Load(checkpoint, accelerators[r], shard, spread, cancel);
                made.Push(weights[r]);
            }

            var pool = KvPoolSize.Decide(
                options, accelerators[0], spec, model.ContextLength, CachedWeightBytes(options, accelerators[0], checkpoint));
            if (agree is not null)
                pool = pool with { Blocks = agree(pool.Blocks) };
            var ranks = new RankModel[weights.Length];
            for (int r = 0; r < ranks.Length; r++)
            {
                KvStore kv = accelerators[r].CreateKvStore(spec, pool.Blocks);
                made.Push(kv);
                ranks[r] = new RankModel(accelerators[r], weights[r], new Glm5Model(checkpoint.Config, weights[r], accelerators[r]), kv);
            }

            return new LoadedRanks(ranks, pool, weights[0].Conversions);
        }
        catch
        {
            while (made.TryPop(out IDisposable? part))
                part.Dispose();
            throw;
        }
    }
}

/// <summary>Ranks of this process that are ready to run.</summary>
/// <param name="Ranks">They; the caller disposes each on its own thread.</param>
/// <param name="Pool">The size of each one's caches.</param>
/// <param name="Conversions">Weights of the first one that its device could not take as they are stored.</param>
public sealed record LoadedRanks(IReadOnlyList<RankModel> Ranks, KvPoolSize Pool, IReadOnlyList<WeightConversion> Conversions);
