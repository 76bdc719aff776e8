using Glm5.Backends.CpuReference.Simd;
using Glm5.Backends.CpuReference.Simd.Attention;

namespace Glm5.Tests.Unit.Cpu;

/// <summary>The kernels of attention against plain loops in the same order of summation.</summary>
[TestClass]
public sealed unsafe class SimdAttentionKernelTests
{
    [TestMethod]
    [DataRow(1, 1)]
    [DataRow(4, 24)]
    [DataRow(8, 576)]
    [DataRow(11, 37)]
    [DataRow(16, 288)]
    [DataRow(37, 65)]
    [DataRow(64, 576)]
    public void A_tile_of_products_has_the_bits_of_sums_in_ascending_order(int heads, int width)
    {
        var random = new Random(heads + width);
        float[] queries = Values(random, heads * width), keys = Values(random, RowDots.Rows * width);
        int lanes = QueryPanels.LanesOf(heads);
        float[] storage = new float[QueryPanels.LanesOf(heads) * width], got = new float[RowDots.Rows * lanes];
        fixed (float* q = queries, k = keys, s = storage, y = got)
        {
            var panels = new QueryPanels(s, heads, width);
            float** rows = stackalloc float*[RowDots.Rows];
            for (int r = 0; r < RowDots.Rows; r++)
                rows[r] = k + (r * width);
            for (int panel = 0; panel < panels.Count; panel++)
            {
                int h = panel * QueryPanels.Widest, count = panels.LanesIn(panel);
                panels.Fill(h, count, q + (h * width), width, Math.Min(count, heads - h), 0, width);
                RowDots.Tile(rows, panel == 0 ? rows : null, panels.Panel(panel), count, width, 0.25f, y + h, lanes);
            }
        }

        for (int r = 0; r < RowDots.Rows; r++)
        {
            for (int lane = 0; lane < lanes; lane++)
            {
                float expected = 0;
                for (int i = 0; i < width && lane < heads; i++)
                    expected = float.MultiplyAddEstimate(queries[(lane * width) + i], keys[(r * width) + i], expected);
                Assert.AreEqual(expected * 0.25f, got[(r * lanes) + lane], $"row {r}, head {lane}");
            }
        }
    }

    [TestMethod]
    [DataRow(4, 64, 1)]
    [DataRow(8, 512, 130)]
    [DataRow(5, 83, 64)]
    [DataRow(16, 256, 65)]
    [DataRow(3, 31, 200)]
    [DataRow(6, 48, 0)]
    public void Weighted_rows_have_the_bits_of_sums_in_ascending_order(int heads, int width, int count)
    {
        var random = new Random(heads + width + count);
        int stride = width + 7, lanes = QueryPanels.LanesOf(heads);
        float[] cache = Values(random, (count + 9) * stride), weights = Values(random, Math.Max(1, count * lanes));
        float[] factors = Values(random, lanes), got = new float[heads * width], spill = new float[width];
        int[] slots = new int[count + 1];
        for (int j = 0; j < count; j++)
            slots[j] = random.Next(count + 9);
        fixed (float* c = cache, w = weights, f = factors, y = got, s = spill)
        fixed (int* slot = slots)
        {
            var rows = new WeightedRows
            {
                Cache = c,
                CacheStride = stride,
                Slots = slot,
                Count = count,
                Weights = w,
                WeightStride = lanes,
                Factors = f,
                Heads = heads,
                Into = y,
                IntoStride = width,
                Spill = s,
            };
            int cut = random.Next(width);
            rows.Sum(0, cut);
            rows.Sum(cut, width);
        }

        for (int h = 0; h < heads; h++)
        {
            for (int i = 0; i < width; i++)
            {
                float expected = 0;
                for (int j = 0; j < count; j++)
                    expected = float.MultiplyAddEstimate(weights[(j * lanes) + h], cache[(slots[j] * stride) + i], expected);
                Assert.AreEqual(expected * factors[h], got[(h * width) + i], $"head {h}, column {i}");
            }
        }
    }

    [TestMethod]
    public void The_exponential_is_within_two_units_in_the_last_place()
    {
        double worst = 0;
        for (float x = -87.3f; x < 88.7f; x += 0.00537f)
        {
            double expected = Math.Exp(x), unit = (double)MathF.BitIncrement((float)expected) - (float)expected;
            worst = Math.Max(worst, Math.Abs(Exp(x) - expected) / unit);
            Assert.AreEqual(MathF.Exp(x), Exp(x), 2.5 * unit, $"e^{x}");
        }

        Assert.IsLessThanOrEqualTo(2.0, worst);
    }

    [TestMethod]
    public void The_exponential_keeps_the_special_values()
    {
        Assert.AreEqual(1f, Exp(0));
        Assert.AreEqual(0f, Exp(float.NegativeInfinity));
        Assert.AreEqual(0f, Exp(-105));
        Assert.AreEqual(float.PositiveInfinity, Exp(float.PositiveInfinity));
        Assert.AreEqual(float.PositiveInfinity, Exp(89));
        Assert.IsTrue(float.IsNaN(Exp(float.NaN)));
        Assert.AreEqual(MathF.Exp(-100), Exp(-100), 2 * float.Epsilon);
    }

    [TestMethod]
    [DataRow(1, 16)]
    [DataRow(37, 20)]
    [DataRow(512, 40)]
    public void The_softmax_of_each_head_sums_to_one(int count, int heads)
    {
        var random = new Random(count);
        int lanes = QueryPanels.LanesOf(heads);
        float[] logits = Values(random, count * lanes), inverse = new float[lanes];
        float[] got = [.. logits];
        fixed (float* x = got, s = inverse)
            HeadSoftmax.Apply(x, count, lanes, lanes, s);
        for (int h = 0; h < heads; h++)
        {
            double max = Enumerable.Range(0, count).Max(j => (double)logits[(j * lanes) + h]);
            double sum = Enumerable.Range(0, count).Sum(j => Math.Exp(logits[(j * lanes) + h] - max));
            for (int j = 0; j < count; j++)
                Assert.AreEqual(Math.Exp(logits[(j * lanes) + h] - max) / sum, (double)got[(j * lanes) + h] * inverse[h], 1e-6);
        }
    }

    [TestMethod]
    public void A_head_without_a_finite_logit_attends_to_nothing()
    {
        float[] logits = [float.NegativeInfinity, 1, 2, float.NaN, float.NegativeInfinity, 3, float.NegativeInfinity, 0], inverse = new float[4];
        fixed (float* x = logits, s = inverse)
            HeadSoftmax.Apply(x, 2, 4, 4, s);
        Assert.AreEqual(0f, inverse[0]);
        Assert.AreEqual(0f, logits[0]);
        Assert.AreEqual(1f, logits[5]);
        Assert.AreEqual(0f, logits[6]);
        Assert.IsTrue(float.IsNaN(inverse[3]));
    }

    [TestMethod]
    [DataRow(4)]
    [DataRow(8)]
    [DataRow(16)]
    [DataRow(32)]
    [DataRow(128)]
    public void Heads_are_added_by_halves(int heads)
    {
        var random = new Random(heads);
        int stride = heads + 3;
        float[] x = Values(random, HeadSum.Rows * stride), w = Values(random, heads), got = new float[HeadSum.Rows];
        x[stride] = float.NaN;
        float[] expected = [.. Enumerable.Range(0, HeadSum.Rows).Select(r => ByHalves(x.AsSpan(r * stride, heads), w))];
        fixed (float* a = x, b = w, y = got)
            HeadSum.Of(a, stride, b, heads, y);
        CollectionAssert.AreEqual(expected, got);
        Assert.IsTrue(float.IsNaN(got[1]));
    }

    private static float ByHalves(ReadOnlySpan<float> x, float[] w)
    {
        float[] sums = new float[x.Length];
        for (int h = 0; h < x.Length; h++)
            sums[h] = MathF.Max(x[h], 0) * w[h];
        for (int half = x.Length / 2; half > 0; half /= 2)
        {
            for (int h = 0; h < half; h++)
                sums[h] += sums[h + half];
        }

        return sums[0];
    }

    internal static float[] Values(Random random, int count)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (4 * random.NextSingle()) - 2;
        return values;
    }

    private static float Exp(float x)
    {
        float narrow = Exponential.Of<Lanes128, System.Runtime.Intrinsics.Vector128<float>>(System.Runtime.Intrinsics.Vector128.Create(x))[3];
        float wide = Exponential.Of<Lanes512, System.Runtime.Intrinsics.Vector512<float>>(System.Runtime.Intrinsics.Vector512.Create(x))[9];
        Assert.AreEqual(BitConverter.SingleToInt32Bits(narrow), BitConverter.SingleToInt32Bits(wide));
        return narrow;
    }
}
