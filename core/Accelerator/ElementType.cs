namespace Glm5.Core.Accelerator;

/// <summary>What one element of a tensor or a stored weight is.</summary>
public enum ElementType
{
    /// <summary>IEEE binary32.</summary>
    F32,

    /// <summary>bfloat16: the upper half of a binary32.</summary>
    BF16,

    /// <summary>
    /// FP8 E4M3FN: bias 7, largest 448, no infinities, 0x7F and 0xFF are NaN. As a weight it has block scales.
    /// </summary>
    F8E4M3,

    /// <summary>Signed 8-bit codes. As a weight each row has a scale.</summary>
    I8,

    /// <summary>Signed 32-bit integer: token ids, positions, slots, experts.</summary>
    I32,
}

/// <summary>Sizes of <see cref="ElementType"/>.</summary>
public static class ElementTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Bytes(this ElementType type) => type switch
    {
        ElementType.F32 or ElementType.I32 => 4,
        ElementType.BF16 => 2,
        ElementType.F8E4M3 or ElementType.I8 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no such element type"),
    };
}
