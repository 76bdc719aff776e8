namespace Glm5.Backends.CpuReference.Simd;

/// <summary>
/// E4M3 codes as BF16: the code's seven magnitude bits, placed at the top of BF16's mantissa and the foot of its exponent,
/// are the value times 2^-120, subnormals included. So two shifts and one exact product decode any code.
/// </summary>
internal static class E4M3Bits
{
    /// <summary>Exponent and mantissa of a code; all set: NaN.</summary>
    public const byte Magnitude = 0x7F;

    /// <summary>Sign of a code.</summary>
    public const byte Sign = 0x80;

    /// <summary>From a code's mantissa to BF16's.</summary>
    public const int MagnitudeShift = 4;

    /// <summary>From a code's sign to BF16's.</summary>
    public const int SignShift = 8;

    /// <summary>A quiet NaN in BF16.</summary>
    public const ushort NaN = 0x7FC0;

    /// <summary>2^120, the difference of the biases 127 and 7.</summary>
    public const float Rebias = 1.329227995784916e36f;
}
