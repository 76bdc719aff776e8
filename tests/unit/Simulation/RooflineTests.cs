using System.Text.Json;
using Glm5.Backends.Simulated;
using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;
using Glm5.Core.Simulation;

namespace Glm5.Tests.Unit.Simulation;

/// <summary>What simulated devices charge for a decode step of GLM-5, against floors that were computed apart from them.</summary>
[TestClass]
public sealed class RooflineTests
{
    /// <summary>Activations between kernels and the bytes of exchange, which the floors leave out.</summary>
    private const double LeftOut = 0.15;

    private const int BlockSlots = 64;

    private static readonly JsonElement s_floors =
        JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.Data("roofline.json"))).RootElement;

    public static IEnumerable<object[]> Points => PointsOf("TP", least: 1, most: 500_000);

    public static IEnumerable<object[]> GroupedPoints => PointsOf("DP", least: 8, most: 3_000_000);

    [TestMethod]
    [DynamicData(nameof(Points))]
    public void A_decode_step_takes_the_roofline_and_little_more(string device, int batch, int context, double milliseconds)
    {
        double step = Step(device, batch, context, roofline: true) * 1000;
        Assert.IsInRange(milliseconds * 0.99, milliseconds * (1 + LeftOut), step);
    }

    [TestMethod]
    [DynamicData(nameof(GroupedPoints))]
    public void So_does_one_of_eight_groups_with_spread_experts(string device, int batch, int context, double milliseconds)
    {
        double step = Step(device, batch, context, roofline: true, groups: 8) * 1000;
        Assert.IsInRange(milliseconds * 0.99, milliseconds * (1 + LeftOut), step);
    }

    [TestMethod]
    public void Latencies_and_measured_efficiency_only_add_to_it()
    {
        Assert.IsGreaterThan(Step("sim:h200x8", 1, 4096, roofline: true), Step("sim:h200x8", 1, 4096, roofline: false));
    }

    [TestMethod]
    [DataRow("H200 SXM", "h200", 1)]
    [DataRow("B200 SXM", "b200", 1)]
    [DataRow("Ascend 910B", "910b", 1)]
    [DataRow("Ascend 910C", "910c", 2)]
    public void Peaks_are_the_published_ones(string name, string id, int dies)
    {
        JsonElement peaks = s_floors.GetProperty("devices").GetProperty(name);
        (DeviceSpec spec, _) = DeviceSheet.Read(id + "x1", roofline: true);
        JsonElement eightBit = peaks.GetProperty("fp8").ValueKind == JsonValueKind.Number
            ? peaks.GetProperty("fp8")
            : peaks.GetProperty("int8");
        Assert.AreEqual(peaks.GetProperty("hbm_tbs").GetDouble() * 1e12 / dies, spec.MemoryBandwidth);
        Assert.AreEqual(peaks.GetProperty("bf16").GetDouble() * 1e12 / dies, spec.Bf16Flops);
        Assert.AreEqual(eightBit.GetDouble() * 1e12 / dies, spec.EightBitFlops);
        Assert.AreEqual(peaks.GetProperty("mem_gib").GetDouble() * (1L << 30) / dies, spec.MemoryBytes, 0.001 * spec.MemoryBytes);
    }

    [TestMethod]
    [DataRow(100, 1)]
    [DataRow(100, 100)]
    [DataRow(4096, 1)]
    [DataRow(4096, 512)]
    [DataRow(2100, 200)]
    public void Sums_over_contexts_are_those_of_a_plain_loop(int context, int queries)
    {
        const int TopK = 2048;
        StepLayout layout = Decode(batch: 1, context, queries);
        var plan = new SimulatedStepPlan();
        plan.Begin(layout).Count(TopK);
        double seen = 0, attended = 0;
        foreach (int position in layout.Positions)
            (seen, attended) = (seen + position + 1, attended + Math.Min(position + 1, TopK));
        Assert.AreEqual(seen, plan.SeenPairs);
        Assert.AreEqual(attended, plan.AttendedPairs);
        Assert.AreEqual(context, plan.CachedRows);
        Assert.AreEqual(Math.Min(context, attended), plan.AttendedRows);
    }

    /// <summary>
    /// Floors of a layout for batches that eight devices have the memory for, and where there are groups, sequences for all
    /// of them: the floors leave out what idle ones compute.
    /// </summary>
    private static IEnumerable<object[]> PointsOf(string layout, int least, long most) =>
        from floor in s_floors.GetProperty("decode_model_floor_ms").EnumerateArray()
        let batch = floor.GetProperty("batch").GetInt32()
        let context = floor.GetProperty("ctx").GetInt32()
        where batch >= least && (long)batch * context <= most
        select new object[]
        {
            floor.GetProperty("device").GetString() == "H200 SXM" ? "sim:h200x8" : "sim:b200x8", batch, context,
            floor.GetProperty("ms").GetProperty(layout).GetDouble(),
        };

    private static double Step(string device, int batch, int context, bool roofline, int groups = 1)
    {
        var times = new DeviceTimes(SimulatedBackend.Kinds);
        ModelOptions options = Simulated.Options with
        {
            MaxSequences = 64,
            MaxBatchedTokens = 64,
            Ranks = 8 / groups,
            Groups = groups,
        };
        using LoadedModel model = Simulated.Load(options, device, new SimulationSettings { Roofline = roofline, Times = times });
        foreach (StepRunner runner in model.Runners)
            runner.Begin(Decode(batch / groups, context, queries: 1), new SampleBatch(64, 64));
        foreach (StepRunner runner in model.Runners)
            runner.Complete();
        return times.TakeStep();
    }

    private static StepLayout Decode(int batch, int context, int queries)
    {
        var layout = new StepLayout(Math.Max(64, queries), 64, BlockSlots);
        int blocks = (context + BlockSlots - 1) / BlockSlots;
        layout.Clear();
        for (int sequence = 0; sequence < batch; sequence++)
        {
            layout.AddSequence(new BlockTable([.. Enumerable.Range(1, blocks)], blocks));
            for (int q = context - queries; q < context; q++)
                layout.AddToken(0, q, wantsLogits: q == context - 1);
        }

        return layout;
    }
}
