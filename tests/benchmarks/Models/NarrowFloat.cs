namespace Glm5.Benchmarks.Models;

/// <summary>Rounding of F32 values to the two narrow weight types, to nearest, ties to even.</summary>
internal static class NarrowFloat
{
    /// <summary>Largest finite E4M3 value.</summary>
    public const float LargestE4M3 = 448;

    private const uint LargestE4M3Code = 0x7E;

    public static void ToBf16(ReadOnlySpan<float> x, Span<ushort> into)
    {
        for (int i = 0; i < x.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(x[i]);
            into[i] = (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }

    /// <summary>The E4M3 code of a finite value; beyond ±448 it saturates.</summary>
    public static byte ToE4M3(float x)
    {
        const float SmallestNormal = 1f / 64;
        const float SubnormalSteps = 512; // codes 0..7 are multiples of 2^-9
        const int DroppedBits = 23 - 3;
        const uint BiasDifference = (127 - 7) << 3;

        uint bits = BitConverter.SingleToUInt32Bits(x);
        uint sign = (bits >> 24) & 0x80;
        uint magnitude = bits & 0x7FFFFFFF;
        float size = BitConverter.UInt32BitsToSingle(magnitude);
        if (size < SmallestNormal)
        {
            return (byte)(sign | (uint)MathF.Round(size * SubnormalSteps));
        }

        uint rounded = magnitude + ((1u << (DroppedBits - 1)) - 1) + ((magnitude >> DroppedBits) & 1);
        return (byte)(sign | Math.Min((rounded >> DroppedBits) - BiasDifference, LargestE4M3Code));
    }
}
