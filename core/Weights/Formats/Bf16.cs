namespace Glm5.Core.Weights.Formats;

/// <summary>bfloat16: sign, 8 exponent bits, 7 mantissa bits; the upper half of a binary32.</summary>
public static class Bf16
{
    /// <summary>Exact.</summary>
    public static float ToFloat(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>Rounds to nearest, ties to even; beyond the largest value to infinity; NaN stays NaN.</summary>
    public static ushort FromFloat(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value))
        {
            // The payload may sit in the half that is cut off: set the quiet bit so that it cannot become infinity.
            return (ushort)((bits >> 16) | 0x0040);
        }

        uint lastKeptBit = (bits >> 16) & 1;
        return (ushort)((bits + 0x7FFF + lastKeptBit) >> 16);
    }

    /// <summary>
    /// Widens little-endian codes; <paramref name="codes"/> has two bytes per element of <paramref name="into"/>.
    /// </summary>
    public static void Decode(ReadOnlySpan<byte> codes, Span<float> into)
    {
        for (int i = 0; i < into.Length; i++)
        {
            into[i] = ToFloat((ushort)(codes[2 * i] | (codes[(2 * i) + 1] << 8)));
        }
    }
}
