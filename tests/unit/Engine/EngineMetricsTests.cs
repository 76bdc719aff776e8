using System.Diagnostics.Metrics;
using Glm5.Core;

namespace Glm5.Tests.Unit.Engine;

[TestClass]
[DoNotParallelize]
public sealed class EngineMetricsTests
{
    [TestMethod]
    public void Every_instrument_says_what_happened()
    {
        var counts = new Dictionary<string, int>();
        var sums = new Dictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == EngineMetrics.MeterName)
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => Note(instrument.Name, value));
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Note(instrument.Name, value));
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => Note(instrument.Name, value));
        listener.Start();

        using var bench = new EngineBench(maxSequences: 2, drafts: 2);
        bench.Runner.PercentRight = 0;
        for (int i = 0; i < 3; i++)
            bench.Submit(EngineBench.Request(i, 10, 5));
        bench.Engine.Turn();
        listener.RecordObservableInstruments();
        Assert.AreEqual(2, sums["glm5.sequences.running"]);
        Assert.AreEqual(1, sums["glm5.sequences.waiting"]);
        Assert.AreEqual(64, sums["glm5.kv_blocks.total"]);
        Assert.AreEqual(bench.Engine.Status.BlocksInUse, sums["glm5.kv_blocks.used"]);
        bench.RunToEnd();
        Assert.AreEqual(30, sums["glm5.prompt_tokens"]);
        Assert.AreEqual(30, sums["glm5.prefix_cache.queried_tokens"]);
        Assert.AreEqual(0, sums["glm5.prefix_cache.hit_tokens"]);
        Assert.AreEqual(15, sums["glm5.generated_tokens"]);
        Assert.AreEqual(3, counts["glm5.time_to_first_token"]);
        Assert.AreEqual(12, counts["glm5.inter_token_latency"]);
        Assert.AreEqual(3, counts["glm5.queue.duration"]);
        Assert.AreEqual(bench.Runner.Steps, counts["glm5.step.duration"]);
        bench.Submit(EngineBench.Request(0, 10, 5));
        bench.RunToEnd();
        listener.RecordObservableInstruments();
        Assert.AreEqual(8, sums["glm5.prefix_cache.hit_tokens"]);
        Assert.AreEqual(bench.Engine.Status.DraftedTokens, sums["glm5.draft_tokens"]);
        Assert.IsGreaterThan(10, sums["glm5.draft_tokens"]);
        Assert.AreEqual(0, sums["glm5.draft_tokens.accepted"]);
        Assert.AreEqual(bench.Engine.Status.BlocksCached, sums["glm5.kv_blocks.cached"]);

        void Note(string name, double value)
        {
            counts[name] = counts.GetValueOrDefault(name) + 1;
            sums[name] = sums.GetValueOrDefault(name) + value;
        }
    }
}
