using Glm5.Backends.Ascend;
using Glm5.Backends.Ascend.Ops;
using Glm5.Core.Accelerator;

namespace Glm5.Tests.Conformance.Tenants;

/// <summary>
/// A fusion that the suites' large shapes do not reach is proven by nothing: every one that this CANN has runs there. Kept
/// executors give the bits of fresh ones.
/// </summary>
[TestClass]
public sealed class AscendFusionTests
{
    [TestMethod]
    public void Every_fusion_that_is_there_runs_at_the_shapes_of_GLM_5()
    {
        HashSet<Fusion> idle = [.. Enum.GetValues<Fusion>()];
        foreach (ElementType weights in (ElementType[])[ElementType.BF16, ElementType.I8])
        {
            var device = (AscendAccelerator)TestedBackends.AscendBf16.OpenLayer();
            using var layer = new LayerBench(device, LayerShape.Glm5Rank(weights), 43);
            Run(layer);
            idle.RemoveWhere(f => !device.Fusions.Has(f) || Fusions.OperatorsOf(f).All(op => device.Call.Calls(op) > 0));

            // What writes the caches in one operator leaves none to the two that came before it.
            if (device.Fusions.Has(Fusion.Prologue))
                idle.Remove(Fusion.Latents);
        }

        Assert.IsEmpty(idle, string.Join(", ", idle));
    }

    [TestMethod]
    public void Kept_executors_give_the_bits_of_fresh_ones()
    {
        var device = (AscendAccelerator)TestedBackends.AscendBf16.OpenLayer();
        using var layer = new LayerBench(device, LayerShape.Tiny(ElementType.BF16), 44);
        float[] x = layer.Bench.Values(26L * layer.Shape.Hidden, 1), first = Run(layer, x);
        for (int again = 0; again < 3; again++)
            CollectionAssert.AreEqual(first, Run(layer, x));
        Assert.IsGreaterThan(0, device.Call.Kept);
    }

    private static float[] Run(LayerBench layer, float[]? x = null)
    {
        using ActivationArena.Scope scope = layer.Ops.Arena.Open();
        StepPlan plan = layer.Plan(from: 0, count: 24, others: 2);
        Tensor input = x is null ? layer.Bench.Random(1, 26, layer.Shape.Hidden) : layer.Bench.Of(x, 26, layer.Shape.Hidden);
        PartialSum sum = layer.Ops.NewPartialSum(26, layer.Shape.Hidden);
        layer.Ops.Attention(layer.Attention, input, plan, layer.Kv, layer.NewSelection(plan), sum);
        float[] attention = layer.Reduced(sum);
        layer.Ops.Moe(layer.Moe, input, sum);
        return [.. attention, .. layer.Reduced(sum)];
    }
}
