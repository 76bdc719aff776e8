using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;
using Glm5.Tests.Conformance.Golden;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Suites;

/// <summary>Capture and replay give what an eager step gives; null means eager, and then nothing ran.</summary>
public abstract class GraphSuite(Tenant tenant) : ConformanceSuite(tenant)
{
    [TestMethod]
    public void A_step_that_is_not_captured_did_not_run()
    {
        using LayerBench layer = new(OpenOne(256 << 20), LayerShape.Tiny(ElementType.BF16), 61);
        StepPlan plan = layer.Plan(from: 0, count: 1, others: 1);
        int runs = 0;
        using CapturedStep? captured = layer.Bench.Accelerator.Graphs.TryCapture(plan, () => runs++);
        bool promised = layer.Bench.Accelerator.Capabilities.CapturesGraphs;
        Assert.AreEqual(promised, captured is not null, "a backend captures exactly when it says so");
        Assert.AreEqual(promised ? 1 : 0, runs);
    }

    [TestMethod]
    public void Replayed_steps_choose_what_eager_ones_choose_at_the_same_bits()
    {
        using (IAccelerator accelerator = OpenOne(1 << 20))
        {
            if (!accelerator.Capabilities.CapturesGraphs)
                Assert.Inconclusive("not run: the backend runs every step eagerly");
        }

        using SeededCheckpoint checkpoint = SeededCheckpoint.WideHeads();
        using var captured = new ModelUnderTest(Tenant, checkpoint.Folder);
        using var eager = new ModelUnderTest(Tenant, checkpoint.Folder);
        int[] prompt = [.. Enumerable.Range(0, 20).Select(i => (i * 37) % 101)];
        List<SampledToken> replayed = Decode(captured, prompt, null), expected = Decode(eager, prompt, new Watcher());
        CollectionAssert.AreEqual(expected.Select(t => t.Token).ToArray(), replayed.Select(t => t.Token).ToArray());
        CollectionAssert.AreEqual(
            expected.Select(t => BitConverter.SingleToInt32Bits(t.LogProb)).ToArray(),
            replayed.Select(t => BitConverter.SingleToInt32Bits(t.LogProb)).ToArray());
        Assert.AreEqual(0, eager.ReplayedSteps);
        Assert.IsGreaterThan(0, captured.ReplayedSteps, "no step of this model was captured and replayed");
    }

    private static List<SampledToken> Decode(ModelUnderTest model, int[] prompt, StepTrace? trace)
    {
        var tokens = new List<SampledToken>();
        var batch = new SampleBatch(1, 1);
        model.Fill(prompt);
        for (int i = 0; i < 12; i++)
        {
            batch.Clear();
            batch.Add(SamplerFactory.GreedyWithLogProbs(), []);
            model.RunStep(batch, trace);
            tokens.Add(batch.Tokens[0]);
            model.FillOne(prompt.Length + i, batch.Tokens[0].Token);
        }

        return tokens;
    }

    /// <summary>A step that is watched runs eagerly.</summary>
    private sealed class Watcher : StepTrace
    {
        public override void Record(TracePoint point, int layer, Tensor value)
        {
        }
    }
}
