using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Core.Verification;

/// <summary>
/// Each primitive once, on seeded input that is the same on every device: floats or integers to be compared.
/// </summary>
internal static class PrimitiveRuns
{
    /// <summary>Name, the stored type of its weights (F32 where it has none), and the run.</summary>
    public static IReadOnlyList<(string Name, ElementType Weights, Func<OpBench, float[]> Run)> All { get; } =
    [
        ("Embed", ElementType.F32, bench => Into(bench, 3, 24, y =>
            bench.Ops.Embed(bench.Pack(bench.Weight(ElementType.BF16, 50, 24), WeightRole.Embedding), bench.Of([49, 0, 7], 3), y))),
        ("MatMul of BF16", ElementType.BF16, bench => Product(bench, ElementType.BF16)),
        ("MatMul of FP8", ElementType.F8E4M3, bench => Product(bench, ElementType.F8E4M3)),
        ("MatMul of I8", ElementType.I8, bench => Product(bench, ElementType.I8)),
        ("MatMul of activations", ElementType.F32, bench => Into(bench, 5, 11, y =>
            bench.Ops.MatMul(bench.Random(1, 5, 37), bench.Random(1, 11, 37), transposed: true, y))),
        ("MatMulPerHead", ElementType.BF16, PerHead),
        ("MatMulPerExpert", ElementType.BF16, bench => Into(bench, 9, 40, y => bench.Ops.MatMulPerExpert(
            bench.Random(1, 9, 96), bench.Pack(Matrices(bench, 4, 40, 96), WeightRole.RowParallel), bench.Of([0, 3, 3, 4, 9], 5), y))),
        ("MatMulPerExpert of I8", ElementType.I8, bench => Into(bench, 9, 64, y => bench.Ops.MatMulPerExpert(
            bench.Random(1, 9, 96), bench.Pack(Matrices(bench, 6, 32, 96, ElementType.I8), WeightRole.GateUp), bench.Of([0, 3, 3, 9], 4), y))),
        ("MatMulPerExpert of one expert", ElementType.BF16, bench => Into(bench, 9, 48, y => bench.Ops.MatMulPerExpert(
            bench.Random(1, 9, 96), bench.Pack(Matrices(bench, 1, 48, 96), WeightRole.RowParallel), bench.Of([0, 9], 2), y))),
        ("RmsNorm", ElementType.F32, bench => Into(bench, 4, 6144, y => bench.Ops.RmsNorm(
            bench.Random(3, 4, 6144), bench.Pack(bench.VectorWeight(6144, 1, 0.5f), WeightRole.Vector), 1e-5f, y))),
        ("LayerNorm", ElementType.F32, bench => Into(bench, 4, 128, y => bench.Ops.LayerNorm(
            bench.Random(3, 4, 128), bench.Pack(bench.VectorWeight(128, 1, 0.5f), WeightRole.Vector),
            bench.Pack(bench.VectorWeight(128, 0, 0.5f), WeightRole.Vector), 1e-6f, y))),
        ("Rope", ElementType.F32, Rope),
        ("SiluMul", ElementType.F32, bench => Into(bench, 5, 64, y => bench.Ops.SiluMul(bench.Random(4, 5, 128), y))),
        ("Sigmoid", ElementType.F32, bench => Into(bench, 5, 64, y => bench.Ops.Sigmoid(bench.Random(6, 5, 64), y))),
        ("Relu", ElementType.F32, bench => Into(bench, 5, 64, y => bench.Ops.Relu(bench.Random(6, 5, 64), y))),
        ("Softmax", ElementType.F32, bench => InPlace(bench, 5, 300, x => bench.Ops.Softmax(x, 0.25f))),
        ("Mul", ElementType.F32, bench => Into(bench, 5, 64, y => bench.Ops.Mul(bench.Random(2, 5, 64), bench.Random(2, 5, 1), y))),
        ("Add", ElementType.F32, bench => Into(bench, 5, 64, y => bench.Ops.Add(bench.Random(2, 5, 64), bench.Random(2, 1, 64), y))),
        ("Scale", ElementType.F32, bench => Into(bench, 5, 64, y => bench.Ops.Scale(bench.Random(2, 5, 64), -1.5f, y))),
        ("Fill", ElementType.F32, bench => InPlace(bench, 5, 64, x => bench.Ops.Fill(x, 3.25f))),
        ("ReduceSum", ElementType.F32, bench => Into(bench, 5, 64, y => bench.Ops.ReduceSum(bench.Random(2, 5, 8, 64), y))),
        ("Concat", ElementType.F32, bench => Into(bench, 5, 100, y => bench.Ops.Concat(bench.Random(2, 5, 64), bench.Random(2, 5, 36), y))),
        ("GatherRows", ElementType.F32, bench => Into(bench, 3, 40, y => bench.Ops.GatherRows(bench.Random(2, 9, 40), bench.Of([8, -1, 2], 3), y))),
        ("NormalizeRows", ElementType.F32, bench => Positive(bench, x => bench.Ops.NormalizeRows(x, 1e-20f, 2.5f))),
        ("NormalizeRows, with an epsilon that counts", ElementType.F32, bench => Positive(bench, x => bench.Ops.NormalizeRows(x, 3, 2.5f))),
        ("TopK", ElementType.F32, bench => Chosen(bench, 3, 64, (x, y) => bench.Ops.TopK(x, y))),
        ("ArgMax", ElementType.F32, bench => Chosen(bench, 3, -1, (x, y) => bench.Ops.ArgMax(x, y))),
        ("GroupByExpert", ElementType.F32, Groups),
    ];

    private delegate void Into1(Tensor into);

    private delegate void Into2(Tensor x, Tensor into);

    private static float[] Into(OpBench bench, long d0, long d1, Into1 run)
    {
        Tensor into = bench.Empty(d0, d1);
        run(into);
        return bench.Floats(into);
    }

    private static float[] InPlace(OpBench bench, long d0, long d1, Into1 run)
    {
        Tensor x = bench.Random(4, d0, d1);
        run(x);
        return bench.Floats(x);
    }

    private static float[] Positive(OpBench bench, Into1 run)
    {
        Tensor x = bench.Of(Array.ConvertAll(bench.Values(5 * 8, 1), v => v + 1.5f), 5, 8);
        run(x);
        return bench.Floats(x);
    }

    private static float[] Product(OpBench bench, ElementType type)
    {
        WeightSource weight = bench.Weight(type, 144, 256);
        return Into(bench, 7, 144, y => bench.Ops.MatMul(bench.Random(1, 7, 256), bench.Pack(weight, WeightRole.Linear), y));
    }

    private static WeightSource[] Matrices(OpBench bench, int count, long rows, long columns, ElementType type = ElementType.BF16)
    {
        var parts = new WeightSource[count];
        for (int i = 0; i < count; i++)
            parts[i] = bench.Weight(type, rows, columns);
        return parts;
    }

    private static float[] PerHead(OpBench bench)
    {
        PackedWeight keys = bench.Pack(Matrices(bench, 4, 48, 160), WeightRole.KeyUp);
        Tensor into = bench.Empty(3, 4, 160);
        bench.Ops.MatMulPerHead(bench.Random(1, 3, 4, 48), keys, into);
        return bench.Floats(into);
    }

    private static float[] Rope(OpBench bench)
    {
        Tensor x = bench.Random(1, 4, 3, 64);
        bench.Ops.Rope(x, bench.Of([0, 77, 4095, 202_751], 4), 1e6f, interleaved: true);
        return bench.Floats(x);
    }

    private static float[] Chosen(OpBench bench, int rows, int k, Into2 run)
    {
        Tensor x = bench.Of(Array.ConvertAll(bench.Values(rows * 1000L, 4), MathF.Round), rows, 1000);
        Tensor into = k < 0 ? bench.EmptyInts(rows) : bench.EmptyInts(rows, k);
        run(x, into);
        return Array.ConvertAll(bench.Integers(into), i => (float)i);
    }

    private static float[] Groups(OpBench bench)
    {
        Tensor tokenOf = bench.EmptyInts(10), sortedRow = bench.EmptyInts(10), offsets = bench.EmptyInts(6);
        bench.Ops.GroupByExpert(bench.Of([0, 3, 1, 3, 0, 1, 0, 4, 3, 4], 5, 2), tokenOf, sortedRow, offsets);
        int[] all = [.. bench.Integers(tokenOf), .. bench.Integers(sortedRow), .. bench.Integers(offsets)];
        return Array.ConvertAll(all, i => (float)i);
    }
}
