using CsCheck;
using Glm5.Backends.CpuReference;
using Glm5.Backends.CpuReference.Simd.Attention;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights.Formats;

namespace Glm5.Tests.Unit.Cpu;

/// <summary>Cached rows in BF16 and FP8: their sizes, their rounding, and vector code against its plain twin.</summary>
[TestClass]
public sealed unsafe class NarrowRowsTests
{
    /// <summary>Magnitudes of a row's elements, from those that become 0 to those that only a scale lets in.</summary>
    private static readonly Gen<float> s_value = Gen.Frequency(
        (8, Gen.Float[-3, 3]), (2, Gen.Float[-1e-4f, 1e-4f]), (1, Gen.Float[-1e30f, 1e30f]), (1, Gen.Const(0f)),
        (1, Gen.Select(Gen.Int[-20, 20], Gen.Int[-15, 15], (e, m) => MathF.ScaleB(m, e))));

    private static readonly Gen<RowLayout> s_layout = Gen.Select(
        Gen.Int[0, 2].Select(format => (KvFormat)format), Gen.Int[1, 300], Gen.Int[0, 70], Gen.Bool,
        (format, coded, kept, rounds) => new RowLayout(format, coded, kept, rounds));

    [TestMethod]
    public void Rows_have_the_sizes_of_the_served_layouts()
    {
        var spec = new KvSpec(78, 512, 64, 128, 64);
        Assert.AreEqual((1152, 256), (KvFormat.BF16.LatentBytes(512, 64), KvFormat.BF16.IndexBytes(128)));
        Assert.AreEqual((656, 132), (KvFormat.FP8.LatentBytes(512, 64), KvFormat.FP8.IndexBytes(128)));
        Assert.AreEqual(109_824, (spec with { Format = KvFormat.BF16 }).TokenBytes);
        Assert.AreEqual(61_464, (spec with { Format = KvFormat.FP8 }).TokenBytes);
        Assert.AreEqual(62_252, (spec with { Format = KvFormat.FP8, Layers = 79 }).TokenBytes);
        Assert.AreEqual(64 * 61_464, CpuKvStore.BytesPerBlock(spec with { Format = KvFormat.FP8 }));
    }

    [TestMethod]
    public void Vector_code_rounds_a_row_to_the_bytes_that_the_plain_twin_gives() =>
        Gen.Select(s_layout, s_value.Array[370]).Sample((layout, values) =>
        {
            float[] row = values[..layout.Width];
            byte[] expected = new byte[layout.Bytes], got = new byte[2 * layout.Bytes];
            PlainRows.Encode(layout, row, expected);
            fixed (byte* rows = got)
            fixed (float* x = row)
                new CachedRows(rows, layout).Write(1, x);
            CollectionAssert.AreEqual(expected, got[layout.Bytes..]);
        }, iter: Soak.Times(500), threads: 1);

    [TestMethod]
    public void Vector_code_decodes_any_bytes_to_the_floats_that_the_plain_twin_gives() =>
        Gen.Select(s_layout, s_value.Array[370], Gen.Byte.Array[300], Gen.Double[0, 1], Gen.Double[0, 1]).Sample(
            (layout, values, codes, from, part) =>
            {
                byte[] bytes = new byte[2 * layout.Bytes];
                PlainRows.Encode(layout, values.AsSpan(0, layout.Width), bytes.AsSpan(layout.Bytes));
                if (layout.Format == KvFormat.FP8)
                    codes.AsSpan(0, layout.Coded).CopyTo(bytes.AsSpan(layout.Bytes));
                float[] expected = new float[layout.Width], got = new float[layout.Width];
                PlainRows.Decode(layout, bytes.AsSpan(layout.Bytes), expected);
                int first = (int)(from * layout.Coded), end = first + (int)(part * (layout.Coded - first));
                float[] columns = new float[end - first];
                fixed (byte* rows = bytes)
                fixed (float* room = got, some = columns)
                {
                    var cached = new CachedRows(rows, layout);
                    new ReadOnlySpan<float>(cached.Find(1, room), layout.Width).CopyTo(got);
                    if (!cached.InPlace)
                        cached.Decode(1, first, end, some);
                    else
                        expected.AsSpan(first, end - first).CopyTo(columns);
                }

                CollectionAssert.AreEqual(expected, got);
                CollectionAssert.AreEqual(expected[first..end], columns);
            }, iter: Soak.Times(500), threads: 1);

    [TestMethod]
    public void Every_float_near_a_code_or_between_two_is_rounded_alike()
    {
        var values = new List<float>();
        for (int code = 0; code < 0x7F; code++)
        {
            float value = Fp8E4M3.ToFloat((byte)code), half = (value + Fp8E4M3.ToFloat((byte)Math.Min(code + 1, 0x7E))) / 2;
            foreach (float near in (float[])[value, half])
                values.AddRange([near, -near, MathF.BitIncrement(near), MathF.BitDecrement(near)]);
        }

        values.AddRange([float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, -0f, 449, 1e38f, -1e38f]);
        float[] row = [.. values, .. new float[(16 - (values.Count % 16)) % 16]];
        byte[] codes = new byte[row.Length];
        var halves = new ushort[row.Length];
        fixed (float* x = row)
        fixed (byte* code = codes)
        fixed (ushort* half = halves)
        {
            NarrowFloats.EncodeE4M3(x, 1, row.Length, code);
            NarrowFloats.EncodeBf16(x, row.Length, half);
        }

        for (int i = 0; i < row.Length; i++)
        {
            Assert.AreEqual(Fp8E4M3.FromFloat(row[i]), codes[i], $"{row[i]:R} in E4M3");
            Assert.AreEqual(Bf16.FromFloat(row[i]), halves[i], $"{row[i]:R} in BF16");
        }
    }

    [TestMethod]
    public void The_largest_element_of_a_tile_is_coded_within_the_range_and_zeros_stay_zero()
    {
        var layout = new RowLayout(KvFormat.FP8, 256, 0, RoundsScales: true);
        float[] row = new float[256], back = new float[256];
        row[3] = 7.3f;
        byte[] bytes = new byte[layout.Bytes];
        PlainRows.Encode(layout, row, bytes);
        PlainRows.Decode(layout, bytes, back);
        Assert.AreEqual(1f / 32, BitConverter.ToSingle(bytes, layout.ScalesAt), "7.3 / 448 rounded up to a power of two");
        Assert.AreEqual(7.5f, back[3], "the nearest code is 240");
        row[3] = back[3] = 0;
        CollectionAssert.AreEqual(row, back);
    }

    [TestMethod]
    public void A_row_that_is_no_number_decodes_to_no_number()
    {
        var layout = new RowLayout(KvFormat.FP8, 40, 8, RoundsScales: false);
        float[] row = new float[48], back = new float[48];
        row[5] = float.NaN;
        byte[] bytes = new byte[layout.Bytes];
        fixed (byte* rows = bytes)
        fixed (float* x = row)
            new CachedRows(rows, layout).Write(0, x);
        PlainRows.Decode(layout, bytes, back);
        Assert.IsTrue(Array.TrueForAll(back[..40], float.IsNaN));
        CollectionAssert.AreEqual(new float[8], back[40..]);
    }
}
