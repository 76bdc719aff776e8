using CsCheck;
using Glm5.Backends.Simulated;
using Glm5.Core.Accelerator;
using Glm5.Core.Model;
using Glm5.Core.Parallel;
using Glm5.Core.Planning;
using Glm5.Core.Simulation;
using Glm5.Core.Weights;

namespace Glm5.Tests.Unit.Simulation;

/// <summary>Simulated devices have the memory of real ones, and words that name none are refused.</summary>
[TestClass]
public sealed class SimulatedDeviceTests
{
    [TestMethod]
    [DataRow("sim:h200x8", "glm5-fp8", 8)]
    [DataRow("sim:910c-x32", "glm5-fp8", 32)]
    public void Loading_glm5_takes_what_was_planned_of_each_device(string device, string release, int ranks)
    {
        const long Arena = 1L << 30;
        const int Blocks = 100;
        var backend = new SimulatedBackend(device, new SimulationSettings { Times = new DeviceTimes(SimulatedBackend.Kinds) });
        using WeightBlueprint weights = WeightBlueprint.Open(RepositoryFiles.Data(release, "config.json"));
        IReadOnlyList<IAccelerator> accelerators = backend.Open(new DeviceRequest(ranks, Arena));
        var spec = new KvSpec(79, 512, 64, 128, 64);
        foreach (int rank in (int[])[0, ranks - 1])
        {
            using ModelWeights packed = WeightPacking.Load(weights, accelerators[rank], new RankShard(rank, ranks));
            using KvStore caches = accelerators[rank].CreateKvStore(spec, Blocks);
            WeightShare share = WeightShare.Of(weights, new ParallelLayout(ranks), rank, backend.Footprint);
            DeviceMemory memory = accelerators[rank].Memory;
            Assert.AreEqual(
                Arena + share.PackedBytes + (Blocks * backend.Footprint.KvBlockBytes(spec)), memory.TotalBytes - memory.FreeBytes);
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
