using Glm5.Core.Accelerator;
using Glm5.Core.Weights;
using Glm5.Core.Weights.Formats;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Suites;

/// <summary>Every primitive against plain double-precision loops, on seeded random input.</summary>
public abstract class PrimitivesSuite(Tenant tenant) : ConformanceSuite(tenant)
{
    /// <summary>Relative to the largest magnitude: F32 sums of up to some thousand products.</summary>
    private const double SumTolerance = 2e-5;

    /// <summary>Relative: element-wise functions in F32.</summary>
    private const double ElementTolerance = 2e-6;

    [TestMethod]
    [DataRow(ElementType.BF16, 1, 64, 48)]
    [DataRow(ElementType.BF16, 5, 130, 33)]
    [DataRow(ElementType.F32, 3, 96, 17)]
    [DataRow(ElementType.F8E4M3, 1, 256, 144)]
    [DataRow(ElementType.F8E4M3, 7, 200, 131)]
    [DataRow(ElementType.I8, 1, 256, 144)]
    [DataRow(ElementType.I8, 7, 201, 131)]
    [DataRow(ElementType.BF16, 2, 6144, 40)]
    public void MatMul_is_x_times_W_transposed(ElementType type, int rows, int columns, int outputs)
    {
        using OpBench bench = Bench(1);
        WeightSource weight = bench.Weight(type, outputs, columns);
        Tensor x = bench.Random(1, rows, columns), into = bench.Empty(rows, outputs);
        bench.Ops.MatMul(x, bench.Pack(weight, WeightRole.Linear), into);
        Expect(Plain.MatMulTransposed(bench.Floats(x), OpBench.Decode(weight), rows, columns, outputs), bench.Floats(into), Bounds.Product(Tenant.Arithmetic, type));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void MatMul_of_activations_takes_either_orientation(bool transposed)
    {
        using OpBench bench = Bench(2);
        Tensor a = bench.Random(1, 5, 37), b = transposed ? bench.Random(1, 11, 37) : bench.Random(1, 37, 11), into = bench.Empty(5, 11);
        bench.Ops.MatMul(a, b, transposed, into);
        float[] right = transposed ? bench.Floats(b) : Plain.Transpose(bench.Floats(b), 37, 11);
        Expect(Plain.MatMulTransposed(bench.Floats(a), right, 5, 37, 11), bench.Floats(into), SumTolerance);
    }

    [TestMethod]
    [DataRow(ElementType.BF16)]
    [DataRow(ElementType.F8E4M3)]
    [DataRow(ElementType.I8)]
    public void MatMulPerHead_applies_each_head_its_own_matrix(ElementType type)
    {
        const int Tokens = 3, Heads = 4, Nope = 48, Value = 64, Latent = 160;
        using OpBench bench = Bench(3);
        WeightSource whole = bench.Weight(type, Heads * (Nope + Value), Latent);
        WeightSource[] keys = [.. Enumerable.Range(0, Heads).Select(h => whole.RowSlice(h * (Nope + Value), Nope))];
        WeightSource[] values = [.. Enumerable.Range(0, Heads).Select(h => whole.RowSlice((h * (Nope + Value)) + Nope, Value))];
        Tensor query = bench.Random(1, Tokens, Heads, Nope), attended = bench.Random(1, Tokens, Heads, Latent);
        Tensor absorbed = bench.Empty(Tokens, Heads, Latent), output = bench.Empty(Tokens, Heads, Value);
        bench.Ops.MatMulPerHead(query, bench.Pack(keys, WeightRole.KeyUp), absorbed);
        bench.Ops.MatMulPerHead(attended, bench.Pack(values, WeightRole.ValueUp), output);
        Expect(PerHead(bench.Floats(query), Tokens, Heads, Nope, Latent, h => Plain.Transpose(OpBench.Decode(keys[h]), Nope, Latent)), bench.Floats(absorbed), Bounds.Product(Tenant.Arithmetic, type));
        Expect(PerHead(bench.Floats(attended), Tokens, Heads, Latent, Value, h => OpBench.Decode(values[h])), bench.Floats(output), Bounds.Product(Tenant.Arithmetic, type));
    }

    [TestMethod]
    public void MatMulPerExpert_applies_each_group_of_rows_its_own_matrix()
    {
        const int Columns = 96, Outputs = 40;
        int[] offsets = [0, 3, 3, 4, 9];
        using OpBench bench = Bench(4);
        WeightSource[] experts = [.. Enumerable.Range(0, 4).Select(_ => bench.Weight(ElementType.BF16, Outputs, Columns))];
        Tensor x = bench.Random(1, 9, Columns), into = bench.Empty(9, Outputs);
        bench.Ops.MatMulPerExpert(x, bench.Pack(experts, WeightRole.RowParallel), bench.Of(offsets, 5), into);
        float[] rows = bench.Floats(x);
        float[] expected = [.. Enumerable.Range(0, 4).SelectMany(e => Plain.MatMulTransposed(
            rows[(offsets[e] * Columns)..(offsets[e + 1] * Columns)], OpBench.Decode(experts[e]), offsets[e + 1] - offsets[e], Columns, Outputs))];
        Expect(expected, bench.Floats(into), Bounds.Product(Tenant.Arithmetic, ElementType.BF16));
    }

    [TestMethod]
    public void Embed_looks_rows_up_and_gate_stands_above_up()
    {
        using OpBench bench = Bench(5);
        WeightSource table = bench.Weight(ElementType.BF16, 50, 24), gate = bench.Weight(ElementType.BF16, 10, 24), up = bench.Weight(ElementType.BF16, 10, 24);
        Tensor into = bench.Empty(3, 24), both = bench.Empty(3, 20);
        bench.Ops.Embed(bench.Pack(table, WeightRole.Embedding), bench.Of([49, 0, 7], 3), into);
        float[] stored = OpBench.Decode(table);
        Expect([.. stored[(49 * 24)..], .. stored[..24], .. stored[(7 * 24)..(8 * 24)]], bench.Floats(into), 0);
        bench.Ops.MatMul(into, bench.Pack([gate, up], WeightRole.GateUp), both);
        Expect(Plain.MatMulTransposed(bench.Floats(into), [.. OpBench.Decode(gate), .. OpBench.Decode(up)], 3, 24, 20), bench.Floats(both), Bounds.Product(Tenant.Arithmetic, ElementType.BF16));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(48)]
    [DataRow(6144)]
    public void Norms_are_their_formulas(int width)
    {
        using OpBench bench = Bench(6);
        WeightSource w = bench.VectorWeight(width, 1, 0.5f), b = bench.VectorWeight(width, 0, 0.5f);
        Tensor x = bench.Random(3, 4, width), rms = bench.Empty(4, width), layer = bench.Empty(4, width);
        bench.Ops.RmsNorm(x, bench.Pack(w, WeightRole.Vector), 1e-5f, rms);
        bench.Ops.LayerNorm(x, bench.Pack(w, WeightRole.Vector), bench.Pack(b, WeightRole.Vector), 1e-6f, layer);
        float[] values = bench.Floats(x), weights = OpBench.Decode(w), bias = OpBench.Decode(b);
        Expect(Plain.Rows(values, width, r => Plain.RmsNorm(r, weights, 1e-5)), bench.Floats(rms), SumTolerance);
        if (width > 1)
            Expect(Plain.Rows(values, width, r => Plain.LayerNorm(r, weights, bias, 1e-6)), bench.Floats(layer), SumTolerance);
    }

    [TestMethod]
    [DataRow(true, 16)]
    [DataRow(false, 16)]
    [DataRow(true, 64)]
    public void Rope_turns_pairs_by_the_position(bool interleaved, int width)
    {
        int[] positions = [0, 1, 77, 4095, 202_751];
        using OpBench bench = Bench(7);
        Tensor wide = bench.Random(1, 5, 3, width + 8), x = wide.Columns(0, width);
        float[] before = bench.Floats(wide);
        bench.Ops.Rope(x, bench.Of(positions, 5), 1e6f, interleaved);
        float[] after = bench.Floats(wide);
        int stride = width + 8;
        for (int row = 0; row < 15; row++)
        {
            float[] head = before[(row * stride)..((row * stride) + width)];
            Expect(Plain.Rope(head, positions[row / 3], 1e6, interleaved), after[(row * stride)..((row * stride) + width)], 2e-5);
            Expect(before[((row * stride) + width)..((row + 1) * stride)], after[((row * stride) + width)..((row + 1) * stride)], 0);
        }
    }

    [TestMethod]
    public void Elementwise_functions_are_their_formulas()
    {
        using OpBench bench = Bench(8);
        Tensor x = bench.Random(20, 7, 37), into = bench.Empty(7, 37), gateUp = bench.Random(9, 7, 74);
        float[] v = bench.Floats(x), g = bench.Floats(gateUp);
        bench.Ops.Sigmoid(x, into);
        Expect([.. v.Select(e => (float)(1 / (1 + Math.Exp(-e))))], bench.Floats(into), ElementTolerance);
        bench.Ops.Relu(x, into);
        Expect([.. v.Select(e => Math.Max(e, 0))], bench.Floats(into), 0);
        bench.Ops.Scale(x, 0.3f, into);
        Expect([.. v.Select(e => 0.3f * e)], bench.Floats(into), 0);
        bench.Ops.Fill(into, 2.5f);
        Expect([.. v.Select(_ => 2.5f)], bench.Floats(into), 0);
        bench.Ops.SiluMul(gateUp, into);
        Expect([.. v.Select((_, i) => (double)g[(i / 37 * 74) + (i % 37)]).Select((e, i) => (float)(e / (1 + Math.Exp(-e)) * g[(i / 37 * 74) + 37 + (i % 37)]))], bench.Floats(into), ElementTolerance);
    }

    [TestMethod]
    public void Mul_and_Add_broadcast_a_row_or_a_column()
    {
        using OpBench bench = Bench(9);
        Tensor a = bench.Random(1, 4, 9), into = bench.Empty(4, 9);
        float[] av = bench.Floats(a);
        foreach ((int rows, int columns) in new[] { (4, 9), (1, 9), (4, 1) })
        {
            Tensor b = bench.Random(1, rows, columns);
            float[] bv = bench.Floats(b);
            float At(int i) => bv[((rows == 1 ? 0 : i / 9) * columns) + (columns == 1 ? 0 : i % 9)];
            bench.Ops.Mul(a, b, into);
            Expect([.. av.Select((v, i) => v * At(i))], bench.Floats(into), 0);
            bench.Ops.Add(a, b, into);
            Expect([.. av.Select((v, i) => v + At(i))], bench.Floats(into), 0);
        }
    }

    [TestMethod]
    public void Softmax_leaves_out_what_is_masked()
    {
        using OpBench bench = Bench(10);
        int[] keys = [.. Enumerable.Range(0, 45).Select(i => i % 4 == 1 ? -1 : i)];
        Tensor x = bench.Random(30, 3, 45);
        bench.Ops.Mask(x, bench.Of(keys, 45));
        float[] masked = bench.Floats(x);
        Assert.IsTrue(masked.Select((v, i) => float.IsNegativeInfinity(v) == (keys[i % 45] < 0)).All(same => same));
        bench.Ops.Softmax(x, 0.25f);
        Expect(Plain.Rows(masked, 45, r => Plain.Softmax(r, 0.25)), bench.Floats(x), SumTolerance);
        bench.Ops.Fill(x, float.NegativeInfinity);
        bench.Ops.Softmax(x, 1);
        Expect(new float[135], bench.Floats(x), 0);
    }

    [TestMethod]
    public void Rows_are_joined_summed_and_normalised()
    {
        using OpBench bench = Bench(11);
        Tensor a = bench.Random(1, 3, 5), b = bench.Random(1, 3, 7), joined = bench.Empty(3, 12), x = bench.Random(1, 3, 4, 6), sum = bench.Empty(3, 6);
        bench.Ops.Concat(a, b, joined);
        float[] av = bench.Floats(a), bv = bench.Floats(b), xv = bench.Floats(x);
        Expect([.. Enumerable.Range(0, 3).SelectMany(r => (float[])[.. av[(r * 5)..((r + 1) * 5)], .. bv[(r * 7)..((r + 1) * 7)]])], bench.Floats(joined), 0);
        bench.Ops.ReduceSum(x, sum);
        Expect([.. Enumerable.Range(0, 18).Select(i => Enumerable.Range(0, 4).Sum(h => xv[(((i / 6 * 4) + h) * 6) + (i % 6)]))], bench.Floats(sum), ElementTolerance);
        Tensor weights = bench.Of([1f, 3, 0, 0, 2, 2], 3, 2);
        bench.Ops.NormalizeRows(weights, 1e-20f, 2.5f);
        Expect([0.625f, 1.875f, 0, 0, 1.25f, 1.25f], bench.Floats(weights), ElementTolerance);
    }

    [TestMethod]
    public void Rows_and_columns_are_gathered_and_scattered()
    {
        using OpBench bench = Bench(12);
        Tensor x = bench.Random(1, 6, 5), rows = bench.Empty(3, 5), spread = bench.Empty(8, 5), picked = bench.Empty(6, 2);
        float[] v = bench.Floats(x);
        bench.Ops.GatherRows(x, bench.Of([5, -1, 2], 3), rows);
        Expect([.. v[25..30], .. new float[5], .. v[10..15]], bench.Floats(rows), 0);
        bench.Ops.Fill(spread, 0);
        bench.Ops.ScatterRows(rows, bench.Of([7, 1, 0], 3), spread);
        float[] s = bench.Floats(spread);
        Expect([.. v[25..30], .. v[10..15]], [.. s[35..40], .. s[0..5]], 0);
        bench.Ops.GatherColumns(x, bench.Of([0, -1, 1, 2, 3, 3, 0, 1, 2, 4, 4, -1], 6, 2), picked);
        Assert.IsTrue(bench.Floats(picked).Select((e, i) => float.IsNaN(e) == i is 1 or 11).All(same => same));
        bench.Ops.GatherColumns(x, bench.Of([0, 4, 1, 2, 3, 3, 0, 1, 2, 4, 4, 0], 6, 2), picked);
        Expect([v[0], v[4], v[6], v[7], v[13], v[13], v[15], v[16], v[22], v[24], v[29], v[25]], bench.Floats(picked), 0);
    }

    [TestMethod]
    [DataRow(1, 4)]
    [DataRow(16, 16)]
    [DataRow(1000, 64)]
    [DataRow(5000, 512)]
    public void TopK_takes_the_lowest_index_among_equals(int width, int k)
    {
        using OpBench bench = Bench(13);
        float[] values = bench.Values(3L * width, 1);
        for (int i = 0; i < values.Length; i++)
            values[i] = i / width == 1 ? MathF.Round(values[i] * 3) : i / width == 2 && i % 2 == 0 ? float.NegativeInfinity : values[i];
        Tensor into = bench.EmptyInts(3, k), best = bench.EmptyInts(3);
        Tensor x = bench.Of(values, 3, width);
        bench.Ops.TopK(x, into);
        CollectionAssert.AreEqual(
            Enumerable.Range(0, 3).SelectMany(r => Plain.TopK(values[(r * width)..((r + 1) * width)], k)).ToArray(), bench.Integers(into));
        bench.Ops.ArgMax(x, best);
        int[] argMax = [.. Enumerable.Range(0, 3).Select(r => Golden.Near.ArgMax(values[(r * width)..((r + 1) * width)]))];
        CollectionAssert.AreEqual(argMax, bench.Integers(best));
    }

    [TestMethod]
    public void Choices_left_open_are_the_lowest_that_the_row_lacks()
    {
        using OpBench bench = Bench(17);
        Tensor chosen = bench.Of([1, 2, -1, -1, 5, 7, 8, 9, -1, -1, -1, -1, 0, 3, 9, -1], 4, 4);
        bench.Ops.FillChoices(chosen);
        CollectionAssert.AreEqual((int[])[1, 2, 0, 3, 5, 7, 8, 9, 0, 1, 2, 3, 0, 3, 9, 1], bench.Integers(chosen));
    }

    [TestMethod]
    [DataRow(5)]
    [DataRow(3000)]
    public void ArgMax_passes_over_what_is_no_number(int width)
    {
        using OpBench bench = Bench(16);
        float[] values = new float[4 * width];
        Array.Fill(values, float.NaN);
        (values[width - 2], values[width - 1]) = (-7, -7);
        (values[width], values[(2 * width) - 1]) = (2, float.PositiveInfinity);
        values[(3 * width) - 1] = float.NegativeInfinity;
        Tensor best = bench.EmptyInts(4);
        bench.Ops.ArgMax(bench.Of(values, 4, width), best);
        CollectionAssert.AreEqual((int[])[width - 2, width - 1, 0, 0], bench.Integers(best));
    }

    [TestMethod]
    public void GroupByExpert_is_a_stable_sort()
    {
        using OpBench bench = Bench(14);
        int[] experts = [0, 3, 1, 3, 0, 1, 0, 4, 3, 4];
        Tensor tokenOf = bench.EmptyInts(10), sortedRow = bench.EmptyInts(10), offsets = bench.EmptyInts(6);
        bench.Ops.GroupByExpert(bench.Of(experts, 5, 2), tokenOf, sortedRow, offsets);
        CollectionAssert.AreEqual((int[])[0, 3, 5, 5, 8, 10], bench.Integers(offsets));
        CollectionAssert.AreEqual((int[])[0, 2, 3, 1, 2, 0, 1, 4, 3, 4], bench.Integers(tokenOf));
        CollectionAssert.AreEqual((int[])[0, 5, 3, 6, 1, 4, 2, 8, 7, 9], bench.Integers(sortedRow));
    }

    [TestMethod]
    public void Quantize_and_Cast_round_to_nearest_even()
    {
        using OpBench bench = Bench(15);
        Tensor x = bench.Random(40, 3, 256), scales = bench.Empty(3, 2);
        Tensor codes = bench.Ops.Arena.Take(ElementType.F8E4M3, 3, 256), half = bench.Ops.Arena.Take(ElementType.BF16, 3, 256), back = bench.Empty(3, 256);
        bench.Ops.Quantize(x, codes, scales);
        bench.Ops.Cast(x, half);
        bench.Ops.Cast(half, back);
        float[] v = bench.Floats(x), s = bench.Floats(scales);
        Expect([.. v.Select(e => Bf16.ToFloat(Bf16.FromFloat(e)))], bench.Floats(back), 0);
        byte[] bytes = new byte[768];
        bench.Accelerator.Memory.Download(codes, bytes);
        for (int group = 0; group < 6; group++)
        {
            float scale = Math.Max(v[(group * 128)..((group + 1) * 128)].Max(Math.Abs), 1e-10f) / 448;
            Assert.AreEqual(scale, s[group], scale * 1e-6f);
            for (int i = group * 128; i < (group + 1) * 128; i++)
                Assert.AreEqual(Fp8E4M3.FromFloat(v[i] / s[group]), bytes[i], $"code {i}");
        }
    }

    private OpBench Bench(int seed) => new(OpenOne(), seed);

    private static float[] PerHead(float[] x, int tokens, int heads, int k, int n, Func<int, float[]> matrix)
    {
        var result = new float[tokens * heads * n];
        for (int h = 0; h < heads; h++)
        {
            float[] w = matrix(h);
            for (int t = 0; t < tokens; t++)
                Plain.MatMulTransposed(x[(((t * heads) + h) * k)..(((t * heads) + h + 1) * k)], w, 1, k, n).CopyTo(result, ((t * heads) + h) * n);
        }

        return result;
    }

    private static void Expect(float[] expected, float[] got, double tolerance)
    {
        Assert.HasCount(expected.Length, got);
        double scale = Math.Max(1e-3, expected.Where(float.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max());
        for (int i = 0; i < expected.Length; i++)
            Assert.IsTrue(expected[i] == got[i] || Math.Abs((double)expected[i] - got[i]) <= tolerance * scale, $"element {i}: expected {expected[i]:G9}, got {got[i]:G9}");
    }
}
