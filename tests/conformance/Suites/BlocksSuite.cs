using Glm5.Core.Accelerator;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Suites;

/// <summary>Whole blocks against the reference backend's, and what they promise about memory and shared selections.</summary>
public abstract class BlocksSuite(Tenant tenant) : ConformanceSuite(tenant)
{
    /// <summary>The shapes, by name.</summary>
    public static IEnumerable<object[]> Shapes => StepsSuite.Shapes;

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    [Compares("Attention", "Mlp", "Moe", "ReduceAddNorm")]
    public void Blocks_agree_with_the_reference(LayerShape shape)
    {
        NeedsTimeFor(shape);
        double bound = Bounds.Steps(Tenant.Arithmetic, shape.Weights);
        BlockValues expected = LayerRuns.Blocks(TestedBackends.ReferenceOf(Tenant).OpenLayer(), shape);
        BlockValues got = LayerRuns.Blocks(Tenant.OpenLayer(), shape, Tenant.Arithmetic == Arithmetic.F32 ? null : expected.Selected);
        StepsSuite.Agree(expected.Attention, got.Attention, "attention", bound);
        StepsSuite.Agree(expected.SharedSelection, got.SharedSelection, "attention with an earlier layer's selection", bound);
        StepsSuite.Agree(expected.Mlp, got.Mlp, "dense network", bound);
        StepsSuite.Agree(expected.Moe, got.Moe, "experts", bound);
        StepsSuite.Agree(expected.Residual, got.Residual, "residual", bound);
        StepsSuite.Agree(expected.Normed, got.Normed, "normed", bound);
    }

    [TestMethod]
    public void Blocks_leave_the_arena_as_they_found_it()
    {
        using LayerBench layer = new(OpenOne(256 << 20), LayerShape.Tiny(ElementType.BF16), 41);
        StepPlan plan = layer.Plan(from: 0, count: 20, others: 3);
        Tensor x = layer.Bench.Random(1, 23, layer.Shape.Hidden);
        Selection selection = layer.NewSelection(plan);
        PartialSum sum = layer.Ops.NewPartialSum(23, layer.Shape.Hidden);
        long before = layer.Ops.Arena.Used;
        layer.Ops.Attention(layer.Attention, x, plan, layer.Kv, selection, sum);
        Assert.AreEqual(before, layer.Ops.Arena.Used);
        layer.Ops.Moe(layer.Moe, x, sum);
        Assert.AreEqual(before, layer.Ops.Arena.Used);
    }

    [TestMethod]
    public void A_trace_can_force_selections_and_routes()
    {
        LayerShape shape = LayerShape.Tiny(ElementType.BF16);
        using LayerBench layer = new(OpenOne(256 << 20), shape, 42);
        var forced = new Forced(layer.Bench);
        layer.Ops.Trace = forced;
        StepPlan plan = layer.Plan(from: 0, count: 20, others: 1);
        Tensor x = layer.Bench.Random(1, 21, shape.Hidden);
        Selection selection = layer.NewSelection(plan);
        layer.Ops.Attention(layer.Attention, x, plan, layer.Kv, selection, layer.Ops.NewPartialSum(21, shape.Hidden));
        Assert.IsTrue(layer.Bench.Integers(selection.Positions).Chunk(shape.Indexer.TopK).All(row => row[0] == 0 && row[1..].All(p => p == -1)));
        Routes routes = layer.Ops.Route(layer.Moe, x);
        Assert.IsTrue(layer.Bench.Integers(routes.Experts).Chunk(2).All(row => row is [2, 5]));
    }

    /// <summary>Every token looks at position 0 alone and goes to experts 2 and 5.</summary>
    private sealed class Forced(OpBench bench) : StepTrace
    {
        public override void Record(TracePoint point, int layer, Tensor value)
        {
        }

        public override bool InjectSelection(int layer, Tensor positions)
        {
            long width = positions.Width;
            int[] rows = [.. Enumerable.Range(0, (int)positions.Count).Select(i => i % width == 0 ? 0 : -1)];
            Upload(rows, positions);
            return true;
        }

        public override bool InjectRoutes(int layer, Routes routes)
        {
            Upload([.. Enumerable.Range(0, (int)routes.Experts.Count).Select(i => i % 2 == 0 ? 2 : 5)], routes.Experts);
            return true;
        }

        private void Upload(int[] values, Tensor into) => bench.Accelerator.Memory.Upload(
            System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()), into);
    }
}
