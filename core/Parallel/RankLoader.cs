using Glm5.Core.Accelerator;
using Glm5.Core.Kv;
using Glm5.Core.Model;
using Glm5.Core.Planning;
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
        new(options.Ranks, ServingSizes.ArenaBytes(options, model.Weights.Config, model.ContextLength), options.Threads)
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
            IWeightCatalog weights = model.Weights;
            Capabilities device = accelerators[0].Capabilities;
            KvSpec spec = ServingSizes.Caches(options, weights.Config, device.BlockSlots, device.KvFormats, device.Backend);
            HostCacheSize host = HostCache(options, accelerators[0].KvBlockBytes(spec));
            KvPoolSize.Decide(
                options, accelerators[0], spec, model.ContextLength, weights.TotalBytes + HostCacheBytes(options, accelerators[0]));
            if (weights is Checkpoint checkpoint)
                CheckpointReader.ReadAll(checkpoint, progress, cancel);
            progress.Enter(LoadPhase.Packing);
            return PackEveryRank(model, accelerators, firstRank, options, spec, host, agree, cancel);
        }
        catch
        {
            foreach (IAccelerator accelerator in accelerators)
                accelerator.Dispose();
            throw;
        }
    }

    /// <summary>Copies of blocks that each rank keeps on the host, when a block has so many bytes.</summary>
    /// <exception cref="AcceleratorException">The options keep none.</exception>
    public static HostCacheSize HostCache(ModelOptions options, long blockBytes)
    {
        if (options.HostCacheBytes == 0)
            return default;
        if (!options.PrefixCaching)
        {
            throw new AcceleratorException(
                "--host-cache-gib keeps what the prefix cache finds, and --no-prefix-caching is set; leave one of them out");
        }

        var size = HostCacheSize.Of(options.HostCacheBytes / options.TotalRanks, blockBytes);
        return size.Blocks > 0
            ? size
            : throw new AcceleratorException(
                $"--host-cache-gib gives each rank {options.HostCacheBytes / options.TotalRanks:N0} bytes, and one block has "
                + $"{blockBytes:N0}; give more or leave it out");
    }

    /// <summary>Copies on the host take from the same memory where the ranks compute in it.</summary>
    private static long HostCacheBytes(ModelOptions options, IAccelerator accelerator) =>
        accelerator.Capabilities.SharesMemory ? options.HostCacheBytes : 0;

    /// <summary>Weights in place hold memory that the system calls free, because it could drop and read them again.</summary>
    private static long CachedWeightBytes(ModelOptions options, IAccelerator accelerator, IWeightCatalog weights) =>
        accelerator.Capabilities.SharesMemory && !options.ReadInsteadOfMap ? weights.TotalBytes : 0;

    private static LoadedRanks PackEveryRank(
        OpenedModel model, IReadOnlyList<IAccelerator> accelerators, int firstRank, ModelOptions options, KvSpec spec,
        HostCacheSize hostCache, Func<int, int>? agree, CancellationToken cancel)
    {
        IWeightCatalog catalog = model.Weights;
        var made = new Stack<IDisposable>();
        try
        {
            var weights = new ModelWeights[accelerators.Count];
            for (int r = 0; r < weights.Length; r++)
            {
                int rank = firstRank + r;
                var shard = new RankShard(rank % options.Ranks, options.Ranks);
                RankShard? spread = options.ExpertsAreSpread ? new RankShard(rank, options.TotalRanks) : null;
                weights[r] = WeightPacking.Load(catalog, accelerators[r], shard, spread, cancel);
                made.Push(weights[r]);
            }

            long beside = CachedWeightBytes(options, accelerators[0], catalog) + HostCacheBytes(options, accelerators[0]);
            var pool = KvPoolSize.Decide(options, accelerators[0], spec, model.ContextLength, beside);
            if (agree is not null)
                pool = pool with { Blocks = agree(pool.Blocks) };
            var ranks = new RankModel[weights.Length];
            for (int r = 0; r < ranks.Length; r++)
            {
                KvStore kv = accelerators[r].CreateKvStore(spec, pool.Blocks);
                made.Push(kv);
                HostBlocks? host = hostCache.Blocks > 0 ? new HostBlocks(hostCache.Blocks, kv.ExportBytes) : null;
                var packed = new Glm5Model(catalog.Config, weights[r], accelerators[r]);
                ranks[r] = new RankModel(accelerators[r], weights[r], packed, kv, host);
            }

            return new LoadedRanks(ranks, pool, hostCache, weights[0].Conversions);
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
/// <param name="HostCache">The size of each one's copies of blocks on the host.</param>
/// <param name="Conversions">Weights of the first one that its device could not take as they are stored.</param>
public sealed record LoadedRanks(
    IReadOnlyList<RankModel> Ranks, KvPoolSize Pool, HostCacheSize HostCache, IReadOnlyList<WeightConversion> Conversions);
