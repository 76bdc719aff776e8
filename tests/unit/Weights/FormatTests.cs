using CsCheck;
using Glm5.Core.Weights.Formats;

namespace Glm5.Tests.Unit.Weights;

[TestClass]
public sealed class FormatTests
{
    [TestMethod]
    public void Every_bf16_code_survives_the_round_trip()
    {
        for (int code = 0; code <= ushort.MaxValue; code++)
        {
            float value = Bf16.ToFloat((ushort)code);
            ushort back = Bf16.FromFloat(value);
            Assert.IsTrue(back == code || (float.IsNaN(value) && float.IsNaN(Bf16.ToFloat(back))), $"{code:X4}");
        }
    }

    [TestMethod]
    public void Bf16_rounds_to_the_nearest_and_ties_to_even() =>
        Gen.UInt.Sample(bits =>
        {
            float value = BitConverter.UInt32BitsToSingle(bits);
            if (!float.IsFinite(value))
            {
                return;
            }

            ushort code = Bf16.FromFloat(value);
            ushort toZero = (ushort)(bits >> 16);
            // The neighbours' distance, exact in binary64; a magnitude one code above may be infinity.
            double below = Math.Abs((double)value - Bf16.ToFloat(toZero));
            double spacing = Math.ScaleB(1, Math.Max((int)((bits >> 23) & 0xFF), 1) - 127 - 7);
            bool up = below > spacing / 2 || (below == spacing / 2 && (toZero & 1) == 1);
            Assert.AreEqual(up ? toZero + 1 : toZero, code, $"{bits:X8}");
        });

    [TestMethod]
    [DataRow(0x00, 0f)]
    [DataRow(0x01, 0.001953125f)]
    [DataRow(0x07, 0.013671875f)]
    [DataRow(0x08, 0.015625f)]
    [DataRow(0x38, 1f)]
    [DataRow(0x3C, 1.5f)]
    [DataRow(0x7E, 448f)]
    [DataRow(0xFE, -448f)]
    [DataRow(0x77, 240f)]
    public void Fp8_codes_have_their_values(int code, float value) => Assert.AreEqual(value, Fp8E4M3.ToFloat((byte)code));

    [TestMethod]
    public void Every_fp8_code_survives_the_round_trip()
    {
        int nans = 0;
        for (int code = 0; code < 256; code++)
        {
            float value = Fp8E4M3.ToFloat((byte)code);
            nans += float.IsNaN(value) ? 1 : 0;
            Assert.IsTrue(float.IsNaN(value) || Fp8E4M3.FromFloat(value) == code, $"{code:X2}");
        }

        Assert.AreEqual(2, nans);
    }

    [TestMethod]
    public void Fp8_encoding_is_nearest_by_exhaustion() =>
        Gen.Float[-600, 600].Sample(value =>
        {
            byte code = Fp8E4M3.FromFloat(value);
            double got = Math.Abs(Fp8E4M3.ToFloat(code) - (double)value);
            for (int other = 0; other < 256; other++)
            {
                double distance = Math.Abs(Fp8E4M3.ToFloat((byte)other) - (double)value);
                Assert.IsFalse(distance < got, $"{value}: {code:X2}, but {other:X2} is nearer");
            }
        });

    [TestMethod]
    [DataRow(464f, 0x7E)]
    [DataRow(float.PositiveInfinity, 0x7E)]
    [DataRow(float.NegativeInfinity, 0xFE)]
    [DataRow(float.NaN, 0x7F)]
    [DataRow(-0f, 0x80)]
    [DataRow(0.0009765625f, 0x00)] // halfway from 0 to the least subnormal: even is 0
    [DataRow(0.0029296875f, 0x02)] // halfway from 1 to 2 subnormal steps: even is 2
    [DataRow(1.0625f, 0x38)] // halfway from 1 to 1.125: even is 1
    [DataRow(1.1875f, 0x3A)] // halfway from 1.125 to 1.25: even is 1.25
    public void Fp8_encoding_saturates_and_ties_to_even(float value, int code) =>
        Assert.AreEqual((byte)code, Fp8E4M3.FromFloat(value));

    [TestMethod]
    [DataRow(576, 6144, 5L, 48L)]
    [DataRow(128, 128, 1L, 1L)]
    [DataRow(1, 129, 1L, 2L)]
    public void Scales_cover_partial_blocks(int rows, int columns, long scaleRows, long scaleColumns) =>
        Assert.AreEqual((scaleRows, scaleColumns), BlockScaled.ScaleShape(rows, columns, new(128, 128)));
}
