using CsCheck;
using Glm5.Backends.CpuReference;
using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Kv;
using Glm5.Core.Model;
using Glm5.Core.Parallel;
using Glm5.Core.Planning;
using Glm5.Core.Weights;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glm5.Tests.Unit.Planning;

/// <summary>What is counted from headers against what loader, pools and arena really take.</summary>
[TestClass]
public sealed class PlannedBytesTests
{
    private static readonly CpuBackend s_cpu = new(CpuVoice.Simd);

    private static readonly Gen<ModelOptions> s_way =
        from layout in OneOf((1, 1), (2, 1), (4, 1), (1, 2), (2, 2), (1, 4))
        from spread in Gen.Bool
        from format in OneOf<KvFormat?>(null, KvFormat.F32, KvFormat.BF16, KvFormat.FP8)
        from drafts in Gen.Int[0, 3]
        from looksUp in Gen.Bool
        from hostBlocks in Gen.Int[0, 5]
        from batch in Gen.Int[8, 64]
        from sequences in Gen.Int[1, 6]
        from slots in OneOf(0, 16, 32)
        from blocks in Gen.Int[14, 40]
        select new ModelOptions
        {
            Folder = RepositoryFiles.Nano,
            Ranks = layout.Item1,
            Groups = layout.Item2,
            SpreadExperts = spread,
            KvFormat = format,
            SpeculativeTokens = drafts,
            DraftMethod = looksUp ? DraftMethod.PromptLookup : DraftMethod.DraftLayer,
            // Room for blocks of any format.
            HostCacheBytes = (long)hostBlocks * layout.Item1 * layout.Item2 << 18,
            MaxBatchedTokens = batch,
            MaxSequences = sequences,
            BlockSlots = slots,
            MaxModelLength = 128,
            KvBytes = (long)blocks * layout.Item1 * layout.Item2 << 18,
            Threads = 2,
            SkipTokenizer = true,
        };

    public static IEnumerable<object[]> Models =>
        from folder in (string[])[RepositoryFiles.Nano, .. ((string[])["tiny-dense", "tiny-moe", "tiny-full", "tiny-fp8"]).Select(RepositoryFiles.Golden)]
        from ranks in (int[])[1, 2, 4]
        where ranks < 4 || !folder.EndsWith("tiny-fp8", StringComparison.Ordinal) // Two heads.
        select new object[] { folder, ranks };

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Every_rank_packs_the_bytes_that_were_counted_for_it(string folder, int ranks)
    {
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        using WeightBlueprint blueprint = WeightBlueprint.Of(checkpoint);
        IReadOnlyList<IAccelerator> accelerators = s_cpu.Open(new DeviceRequest(ranks, 1 << 20));
        for (int rank = 0; rank < ranks; rank++)
        {
            var taken = new CountedPacks(accelerators[rank]);
            using ModelWeights packed = WeightPacking.Load(checkpoint, taken, new RankShard(rank, ranks));
            WeightShare share = WeightShare.Of(blueprint, new ParallelLayout(ranks), rank, s_cpu.Footprint);
            Assert.AreEqual(taken.StoredBytes, share.StoredBytes, $"stored bytes of rank {rank}");
            Assert.AreEqual(taken.DeviceBytes, share.PackedBytes, $"device bytes of rank {rank}");
        }

        foreach (IAccelerator accelerator in accelerators)
            accelerator.Dispose();
    }

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Caches_and_arena_take_the_bytes_that_were_counted(string folder, int ranks)
    {
        var options = new ModelOptions
        {
            Folder = folder,
            Ranks = ranks,
            MaxModelLength = 128,
            MaxSequences = 4,
            MaxBatchedTokens = 32,
            KvBytes = ranks * (4L << 20),
            SkipTokenizer = true,
        };
        using WeightBlueprint blueprint = WeightBlueprint.Open(folder);
        MemoryPlan plan = new MemoryPlanner(blueprint, s_cpu.Footprint, options).Plan(new ParallelLayout(ranks));
        using LoadedModel model = ModelLoader.Load(
            options, s_cpu, new LoadProgress(TimeProvider.System), NullLogger.Instance, CancellationToken.None);
        Assert.AreEqual(plan.BlockBytes, model.Pool.BlockBytes);
        Assert.AreEqual(plan.Blocks, model.Pool.Blocks);
        Assert.AreEqual(plan.Tokens, model.Pool.Tokens);
        IReadOnlyList<IAccelerator> opened = s_cpu.Open(new DeviceRequest(ranks, plan.ArenaBytes));
        Assert.AreEqual(plan.ArenaBytes, opened[0].Ops.Arena.Bytes);
        foreach (IAccelerator accelerator in opened)
            accelerator.Dispose();
    }

    [TestMethod]
    public void Any_way_to_serve_takes_the_bytes_that_were_counted() => s_way.Sample(CheckEveryByte, iter: Soak.Times(8), threads: 1);

    [TestMethod]
    public void A_blueprint_from_headers_is_the_checkpoint_without_its_bytes()
    {
        foreach (string folder in (string[])[RepositoryFiles.Nano, RepositoryFiles.Golden("tiny-fp8")])
        {
            using Checkpoint checkpoint = Checkpoint.Open(folder);
            using WeightBlueprint blueprint = WeightBlueprint.Open(folder);
            Assert.AreEqual(checkpoint.TotalBytes, blueprint.TotalBytes);
            Assert.AreEqual(checkpoint.TensorCount, blueprint.TensorCount);
            foreach (TensorSpec spec in TensorInventory.Expected(checkpoint.Config))
            {
                if (checkpoint.TypeOf(spec.Name) is null)
                    continue;
                WeightSource stored = checkpoint.Weight(spec.Name), drawn = blueprint.Weight(spec.Name);
                Assert.AreEqual(
                    (stored.Type, stored.Rows, stored.Columns, stored.StoredBytes),
                    (drawn.Type, drawn.Rows, drawn.Columns, drawn.StoredBytes), spec.Name);
            }
        }
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    [TestMethod]
    public void Copies_on_the_host_that_leave_no_room_are_refused_by_their_flag()
    {
        using WeightBlueprint blueprint = WeightBlueprint.Open(RepositoryFiles.Nano);
        var options = new ModelOptions { Folder = RepositoryFiles.Nano, HostCacheBytes = s_cpu.Footprint.TotalBytes };
        DeviceMemoryException refusal = Assert.ThrowsExactly<DeviceMemoryException>(
            () => FitCheck.Require(blueprint, s_cpu.Footprint, options));
        Assert.Contains("GB for --host-cache-gib", refusal.Message);
    }

    private static void CheckEveryByte(ModelOptions options)
    {
        var layout = ParallelLayout.Of(options);
        using var opened = OpenedModel.Open(options, new LoadProgress(TimeProvider.System), NullLogger.Instance);
        using WeightBlueprint blueprint = WeightBlueprint.Open(options.Folder);
        MemoryPlan plan = new MemoryPlanner(blueprint, s_cpu.Footprint, options).Plan(layout);
        CountedPacks[] ranks = [.. s_cpu.Open(RankLoader.Request(opened, options)).Select(rank => new CountedPacks(rank))];
        LoadedRanks loaded = RankLoader.Load(
            opened, options, ranks, firstRank: 0, agree: null, new LoadProgress(TimeProvider.System), CancellationToken.None);
        Assert.AreEqual(layout.Ranks, ranks.Length);
        Assert.AreEqual(plan.Weights.PackedBytes, ranks.Max(rank => rank.DeviceBytes), $"weights of {layout}");
        Assert.AreEqual((plan.BlockBytes, plan.Blocks), (loaded.Pool.BlockBytes, loaded.Pool.Blocks), $"caches of {options.KvFormat}");
        foreach (RankModel rank in loaded.Ranks)
        {
            Assert.AreEqual(plan.ArenaBytes, rank.Accelerator.Ops.Arena.Bytes);
            Assert.AreEqual(plan.BlockBytes, rank.Kv.BlockBytes);
            Assert.AreEqual(plan.Blocks, rank.Kv.Blocks);
            rank.Dispose();
        }

        Assert.AreEqual(HostCacheSize.Of(options.HostCacheBytes / layout.Ranks, plan.BlockBytes).Blocks, loaded.HostCache.Blocks);
    }

    /// <summary>Counts what passes on its way to a device.</summary>
    private sealed class CountedPacks(IAccelerator device) : IAccelerator
    {
        public long StoredBytes { get; private set; }

        public long DeviceBytes { get; private set; }

        public Capabilities Capabilities => device.Capabilities;

        public DeviceMemory Memory => device.Memory;

        public Collectives Collectives => device.Collectives;

        public StepGraphs Graphs => device.Graphs;

        public BlockOps Ops => device.Ops;

        public PackedWeight Pack(ReadOnlySpan<WeightSource> parts, WeightRole role)
        {
            foreach (ref readonly WeightSource part in parts)
                StoredBytes += part.StoredBytes;
            PackedWeight packed = device.Pack(parts, role);
            DeviceBytes += packed.DeviceBytes;
            return packed;
        }

        public long KvBlockBytes(KvSpec spec) => device.KvBlockBytes(spec);

        public KvStore CreateKvStore(KvSpec spec, int blocks) => device.CreateKvStore(spec, blocks);

        public StepPlan Plan(StepLayout layout) => device.Plan(layout);

        public void Synchronize() => device.Synchronize();

        public void Dispose() => device.Dispose();
    }
}
