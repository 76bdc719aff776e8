using CsCheck;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;
using Glm5.Core.Weights.Formats;
using Glm5.Tests.Conformance.Suites;

namespace Glm5.Tests.Conformance.Tenants;

/// <summary>Fast kernels against plain twins on fresh random input, at shapes that suites do not have.</summary>
[TestClass]
public sealed class CudaKernelTests
{
    private const int Cases = 12;

    private static readonly ElementType[] s_types = [ElementType.F32, ElementType.BF16, ElementType.F8E4M3, ElementType.I8];

    /// <summary>F32 sums of some hundred products in another order.</summary>
    private const double SumBound = 2e-5;

    [TestMethod]
    public void Products_of_any_shape_and_type_are_the_plain_ones()
    {
        using OpBench bench = Bench();
        Gen.Select(Gen.Int[0, s_types.Length - 1], Gen.Int[1, 19], Gen.Int[1, 70], Gen.Int[1, 700])
            .Sample(
                (chosen, rows, outputs, depth) =>
                {
                    ElementType type = s_types[chosen];
                    using ActivationArena.Scope scope = bench.Ops.Arena.Open();
                    WeightSource weight = bench.Weight(type, outputs, depth);
                    Tensor x = bench.Random(1, rows, depth), into = bench.Empty(rows, outputs);
                    bench.Ops.MatMul(x, bench.Pack(weight, WeightRole.Linear), into);
                    StepsSuite.Agree(
                        Plain.MatMulTransposed(bench.Floats(x), OpBench.Decode(weight), rows, depth, outputs), bench.Floats(into),
                        $"{type} {rows} x {outputs} x {depth}", SumBound);
                },
                iter: Cases, threads: 1);
    }

    /// <summary>Rounding rows to BF16 is all that matrix units add: against plain products of the rounded rows they are as exact.</summary>
    [TestMethod]
    public void Products_on_matrix_units_are_the_plain_ones_of_rounded_rows()
    {
        using OpBench bench = new(TestedBackends.CudaBf16.Open(1, 32 << 20)[0], 72);
        Gen.Select(Gen.Int[2, s_types.Length - 1], Gen.Int[17, 60], Gen.Int[1, 70], Gen.Int[1, 900]).Sample(
            (chosen, rows, outputs, depth) =>
            {
                // Up to 64 rows of 8-bit weights stay with kernels of our own.
                ElementType type = s_types[chosen];
                using ActivationArena.Scope scope = bench.Ops.Arena.Open();
                WeightSource weight = bench.Weight(type, outputs, depth);
                float[] x = Array.ConvertAll(bench.Values((long)rows * depth, 1), v => Bf16.ToFloat(Bf16.FromFloat(v)));
                Tensor into = bench.Empty(rows, outputs);
                bench.Ops.MatMul(bench.Of(x, rows, depth), bench.Pack(weight, WeightRole.Linear), into);
                StepsSuite.Agree(
                    Plain.MatMulTransposed(x, OpBench.Decode(weight), rows, depth, outputs), bench.Floats(into),
                    $"{type} {rows} x {outputs} x {depth}", SumBound);
            },
            iter: Cases, threads: 1);
    }

    /// <summary>Experts that get none, few and many rows, on matrix units and off them.</summary>
    [TestMethod]
    [DataRow(ElementType.BF16, 40)]
    [DataRow(ElementType.F8E4M3, 40)]
    [DataRow(ElementType.F8E4M3, 7)]
    [DataRow(ElementType.I8, 40)]
    public void Experts_are_the_plain_ones_however_rows_are_spread(ElementType type, int tokens)
    {
        LayerShape shape = LayerShape.Tiny(type) with { Experts = 4, ExpertsPerToken = 2 };
        (int[] experts, _, float[] expected) = Experts(TestedBackends.CudaF32, shape, tokens);
        (int[] chosen, _, float[] got) = Experts(TestedBackends.CudaBf16, shape, tokens);
        CollectionAssert.AreEqual(experts, chosen);
        StepsSuite.Agree(expected, got, $"{tokens} tokens", Bounds.Steps(TestedBackends.CudaBf16.Arithmetic, type));
    }

    private static (int[] Experts, float[] Weights, float[] Output) Experts(Tenant tenant, LayerShape shape, int tokens)
    {
        using var layer = new LayerBench(tenant.Open(1, 64 << 20)[0], shape, 46);
        return LayerRuns.Experts(layer, layer.Bench.Random(1, tokens, shape.Hidden));
    }

    /// <summary>One row, or many, or sorted by expert: each row has the same bits.</summary>
    [TestMethod]
    [DataRow(ElementType.F32)]
    [DataRow(ElementType.BF16)]
    [DataRow(ElementType.F8E4M3)]
    [DataRow(ElementType.I8)]
    public void What_a_row_gives_does_not_depend_on_the_others(ElementType type)
    {
        const int Rows = 13, Outputs = 24, Depth = 1100;
        using OpBench bench = Bench();
        PackedWeight weight = bench.Pack(bench.Weight(type, Outputs, Depth), WeightRole.Linear);
        Tensor x = bench.Random(1, Rows, Depth), all = bench.Empty(Rows, Outputs), one = bench.Empty(1, Outputs);
        bench.Ops.MatMul(x, weight, all);
        float[] together = bench.Floats(all);
        for (int row = 0; row < Rows; row++)
        {
            bench.Ops.MatMul(x.Slice(row, 1), weight, one);
            CollectionAssert.AreEqual(together[(row * Outputs)..((row + 1) * Outputs)], bench.Floats(one), $"row {row}");
        }
    }

    [TestMethod]
    public void Choices_are_the_plain_ones_whatever_is_equal()
    {
        using OpBench bench = Bench();
        Gen.Select(Gen.Int[1, 900], Gen.Int[1, 300], Gen.Int[1, 40]).Sample(
            (width, k, values) =>
            {
                using ActivationArena.Scope scope = bench.Ops.Arena.Open();
                float[] row = [.. Enumerable.Range(0, width).Select(_ => Score(bench, values))];
                Tensor into = bench.EmptyInts(1, k);
                bench.Ops.TopK(bench.Of(row, 1, width), into);
                float[] eligible = Array.ConvertAll(row, v => float.IsNaN(v) ? float.NegativeInfinity : v);
                CollectionAssert.AreEqual(Plain.TopK(eligible, k), bench.Integers(into), $"{k} of {width} with {values} values");
            },
            iter: Cases, threads: 1);
    }

    /// <summary>A step whose context grows over a split of keys, a block and a bucket gives, replayed, the bits of eager ones.</summary>
    [TestMethod]
    public void Replayed_attention_follows_growing_contexts_at_the_bits_of_eager_runs()
    {
        using var layer = new LayerBench(TestedBackends.CudaBf16.Open(1, 64 << 20)[0], LayerShape.Tiny(ElementType.F8E4M3), 45);
        IAccelerator device = layer.Bench.Accelerator;
        float[] x = layer.Bench.Values(2L * layer.Shape.Hidden, 1);
        StepPlan plan = layer.Plan(from: 17, count: 1, others: 1);
        Tensor input = layer.Bench.Of(x, 2, layer.Shape.Hidden), residual = layer.Bench.Empty(2, layer.Shape.Hidden), normed = layer.Bench.Empty(2, layer.Shape.Hidden);
        Selection selection = layer.NewSelection(plan);
        (nint from, nint to, nint after, nint chosen) = (input.Address, residual.Address, normed.Address, selection.Positions.Address);
        void Body()
        {
            using ActivationArena.Scope scope = layer.Ops.Arena.Open();
            Tensor h = new(to, ElementType.F32, 2, layer.Shape.Hidden);
            PartialSum sum = layer.Ops.NewPartialSum(2, layer.Shape.Hidden);
            var positions = new Selection(new Tensor(chosen, ElementType.I32, 2, layer.Shape.Indexer.TopK));
            layer.Ops.Attention(layer.Attention, new Tensor(from, ElementType.F32, 2, layer.Shape.Hidden), plan, layer.Kv, positions, sum);
            layer.Ops.Fill(h, 0);
            layer.Ops.ReduceAddNorm(sum, h, layer.Norm, 1e-5f, new Tensor(after, ElementType.F32, 2, layer.Shape.Hidden));
        }

        Body();
        using CapturedStep? step = device.Graphs.TryCapture(plan, Body);
        Assert.IsNotNull(step);
        for (int context = 18; context < 46; context++)
        {
            plan = layer.Plan(from: context, count: 1, others: 1);
            Assert.IsTrue(device.Graphs.Replay(step, plan), $"context {context}");
            float[] replayed = layer.Bench.Floats(new Tensor(to, ElementType.F32, 2, layer.Shape.Hidden));
            Body();
            CollectionAssert.AreEqual(layer.Bench.Floats(new Tensor(to, ElementType.F32, 2, layer.Shape.Hidden)), replayed, $"context {context}");
        }
    }

    /// <summary>Few distinct values, and among them what is never chosen.</summary>
    private static float Score(OpBench bench, int values)
    {
        int value = bench.Next(values + 2);
        return value == values ? float.NaN : value > values ? float.NegativeInfinity : (value - (values / 2)) * 0.25f;
    }

    private static OpBench Bench() => new(TestedBackends.CudaF32.Open(1, 32 << 20)[0], 71);
}
