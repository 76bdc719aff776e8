using System.Collections.Immutable;
using Glm5.Core.Accelerator;

namespace Glm5.Core.Weights;

/// <summary>Element types a safetensors header may name. Only F32, BF16, F8E4M3 and I8 are weights here.</summary>
public enum StoredType
{
    F64,
    F32,
    F16,
    BF16,
    F8E4M3,
    F8E5M2,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,
}

/// <summary>Names and sizes of <see cref="StoredType"/>.</summary>
public static class StoredTypes
{
    /// <summary>The type a header's <c>dtype</c> names, or null.</summary>
    public static StoredType? Parse(string name) => name switch
    {
        "F64" => StoredType.F64,
        "F32" => StoredType.F32,
        "F16" => StoredType.F16,
        "BF16" => StoredType.BF16,
        "F8_E4M3" => StoredType.F8E4M3,
        "F8_E5M2" => StoredType.F8E5M2,
        "I64" => StoredType.I64,
        "I32" => StoredType.I32,
        "I16" => StoredType.I16,
        "I8" => StoredType.I8,
        "U64" => StoredType.U64,
        "U32" => StoredType.U32,
        "U16" => StoredType.U16,
        "U8" => StoredType.U8,
        "BOOL" => StoredType.Bool,
        _ => null,
    };

    /// <summary>The name in a header.</summary>
    public static string Name(this StoredType type) => type switch
    {
        StoredType.F8E4M3 => "F8_E4M3",
        StoredType.F8E5M2 => "F8_E5M2",
        StoredType.Bool => "BOOL",
        _ => type.ToString(),
    };

    /// <summary>Bytes of one element.</summary>
    public static int Bytes(this StoredType type) => type switch
    {
        StoredType.F64 or StoredType.I64 or StoredType.U64 => 8,
        StoredType.F32 or StoredType.I32 or StoredType.U32 => 4,
        StoredType.F16 or StoredType.BF16 or StoredType.I16 or StoredType.U16 => 2,
        _ => 1,
    };

    /// <summary>The type as the accelerator knows it, or null when no weight may have it.</summary>
    public static ElementType? AsWeight(this StoredType type) => type switch
    {
        StoredType.F32 => ElementType.F32,
        StoredType.BF16 => ElementType.BF16,
        StoredType.F8E4M3 => ElementType.F8E4M3,
        StoredType.I8 => ElementType.I8,
        _ => null,
    };
}

/// <summary>One tensor as a file's header describes it, checked against the file.</summary>
/// <param name="Name">Its key in the header.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Shape">Row-major; empty for a scalar.</param>
/// <param name="Offset">Of its first byte, from the start of the file.</param>
/// <param name="Length">Bytes.</param>
public readonly record struct StoredTensor(
    string Name, StoredType Type, ImmutableArray<long> Shape, long Offset, long Length);
