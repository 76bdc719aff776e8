using Glm5.Core.Accelerator;
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
}
