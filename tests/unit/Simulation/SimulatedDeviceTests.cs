using CsCheck;
using Glm5.Backends.Simulated;
using Glm5.Core.Accelerator;
using Glm5.Core.Model;
using Glm5.Core.Parallel;
using Glm5.Core.Planning;
using Glm5.Core.Simulation;
using Glm5.Core.Weights;
using Glm5.Tests.Unit.Cpu;

namespace Glm5.Tests.Unit.Simulation;

/// <summary>Simulated devices have the memory of real ones, and words that name none are refused.</summary>
[TestClass]
public sealed class SimulatedDeviceTests
{
    [TestMethod]
    [DataRow("sim:h200x8", 8, 1, false)]
    [DataRow("sim:h200x8", 8, 1, true)]
    [DataRow("sim:h200x8", 1, 8, true)]
    [DataRow("sim:910c-x32", 32, 1, false)]
    [DataRow("sim:910c-x32", 4, 8, true)]
    public void Loading_glm5_takes_what_was_planned_of_each_device(string device, int ranks, int groups, bool spread)
    {
        const long Arena = 1L << 30;
        const int Blocks = 100;
        var layout = new ParallelLayout(ranks, groups, spread);
        var backend = new SimulatedBackend(device, new SimulationSettings { Times = new DeviceTimes(SimulatedBackend.Kinds) });
        using WeightBlueprint weights = WeightBlueprint.Open(RepositoryFiles.Data("glm5-fp8", "config.json"));
        IReadOnlyList<IAccelerator> accelerators = backend.Open(new DeviceRequest(ranks, Arena) { Groups = groups });
        var spec = new KvSpec(79, 512, 64, 128, 64);
        foreach (int rank in (int[])[0, layout.Ranks - 1])
        {
            using ModelWeights packed = WeightPacking.Load(
                weights, accelerators[rank], new RankShard(rank % ranks, ranks), spread ? new RankShard(rank, layout.Ranks) : null);
            using KvStore caches = accelerators[rank].CreateKvStore(spec, Blocks);
            WeightShare share = WeightShare.Of(weights, layout, rank, backend.Footprint);
            DeviceMemory memory = accelerators[rank].Memory;
            Assert.AreEqual(
                Arena + share.PackedBytes + (Blocks * backend.Footprint.KvBlockBytes(spec)), memory.TotalBytes - memory.FreeBytes);
        }
    }

    [TestMethod]
    public void More_ranks_than_devices_are_refused() => Assert.Contains(
        "sim:h200x8: 16 ranks were asked for and there are 8 devices",
        Assert.ThrowsExactly<AcceleratorException>(() => new SimulatedBackend("sim:h200x8", new SimulationSettings())
            .Open(new DeviceRequest(4, 1 << 20) { Groups = 4 })).Message);

    [TestMethod]
    public void Ranks_with_one_place_in_all_groups_learn_each_others_tokens()
    {
        var backend = new SimulatedBackend("sim:h200x4", new SimulationSettings { Times = new DeviceTimes(SimulatedBackend.Kinds) });
        IReadOnlyList<IAccelerator> ranks = backend.Open(new DeviceRequest(2, 1 << 20) { Groups = 2 });
        int[][] counts = new int[4][];
        for (int round = 0; round < 50; round++)
        {
            CpuRanks.Parallel(4, r =>
            {
                counts[r] = new int[2];
                ranks[r].Collectives.Across!.AllGather((10 * r) + round, counts[r]);
            });
            // Rank 0 meets rank 2, rank 1 meets rank 3.
            for (int r = 0; r < 4; r++)
                CollectionAssert.AreEqual(new[] { (10 * (r % 2)) + round, (10 * ((r % 2) + 2)) + round }, counts[r]);
        }
    }

    [TestMethod]
    public void A_rank_that_fails_stops_those_of_other_groups()
    {
        var backend = new SimulatedBackend("sim:h200x4", new SimulationSettings());
        IReadOnlyList<IAccelerator> ranks = backend.Open(new DeviceRequest(2, 1 << 20) { Groups = 2 });
        ranks[3].Collectives.Abort("its device fell off");
        foreach (IAccelerator rank in ranks)
        {
            Assert.Contains(
                "rank 3: its device fell off",
                Assert.ThrowsExactly<AcceleratorException>(() => rank.Collectives.Across!.Barrier()).Message);
        }
    }

    [TestMethod]
    public void Freed_memory_is_free_again()
    {
        var memory = new SimulatedMemory(DeviceSheet.Read("h200").Spec);
        using (memory.Allocate(1L << 36, "caches"))
            Assert.AreEqual(memory.TotalBytes - (1L << 36), memory.FreeBytes);
        Assert.AreEqual(memory.TotalBytes, memory.FreeBytes);
        DeviceMemoryException refusal = Assert.ThrowsExactly<DeviceMemoryException>(() => memory.Allocate(1L << 40, "caches"));
        Assert.Contains("caches needs 1,099,511,627,776 bytes", refusal.Message);
    }

    [TestMethod]
    public void A_checkpoint_too_large_is_refused_with_the_layout_that_would_do()
    {
        DeviceMemoryException refusal = Assert.ThrowsExactly<DeviceMemoryException>(() => Simulated.Load(
            Simulated.Options with { Ranks = 4 }, "sim:h200x8", new SimulationSettings()));
        Assert.Contains("--tensor-parallel-size 8 would fit", refusal.Message);
    }

    [TestMethod]
    [DataRow("h200x8", 8)]
    [DataRow("910c-x16", 16)]
    [DataRow("b200", 1)]
    public void A_word_names_a_device_and_how_many(string word, int devices) =>
        Assert.AreEqual(devices, DeviceSheet.Read(word).Count);

    [TestMethod]
    [DataRow("")]
    [DataRow("h200x0")]
    [DataRow("h200x1025")]
    [DataRow("h200x-1")]
    [DataRow("a100x8")]
    [DataRow("x8")]
    public void Other_words_are_refused_with_what_there_is(string word) => Assert.Contains(
        "expected sim:DEVICExN with a device of h200, b200, 910b, 910c",
        Assert.ThrowsExactly<AcceleratorException>(() => DeviceSheet.Read(word)).Message);

    [TestMethod]
    public void Any_word_is_read_or_refused() => Gen.String[Gen.Char["h2x0-89bc15 \0"], 0, 12].Sample(
        word =>
        {
            try
            {
                Assert.IsInRange(1, 1024, DeviceSheet.Read(word).Count);
            }
            catch (AcceleratorException)
            {
                // With the devices there are.
            }
        },
        iter: Soak.Times(100));

    [TestMethod]
    public void Lengths_are_read_or_refused() => Gen.String[Gen.Char["0123456789. -"], 0, 10].Sample(
        word =>
        {
            if (LengthRange.Parse(word) is not { } range)
                return;
            Assert.IsInRange(1, range.Most, range.Least);
            Assert.AreEqual(range, LengthRange.Parse(range.ToString()));
            Assert.AreEqual(range.Least, range.At(0));
            Assert.AreEqual(range.Most, range.At(1 - 1e-12));
        },
        iter: Soak.Times(200));
}
