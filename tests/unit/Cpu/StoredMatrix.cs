using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;
using Glm5.Core.Weights.Formats;

namespace Glm5.Tests.Unit.Cpu;

/// <summary>Weights in stored form without a file: pinned arrays that live as long as the test.</summary>
internal static class StoredMatrix
{
    private const int Block = 128;

    // Pinned arrays are freed when nothing refers to them; a source has only their address.
    private static readonly List<Array> s_kept = [];

    public static WeightSource F32(string name, long rows, params float[] values) =>
        From(name, ElementType.F32, rows, values.Length / rows, Pin(values), null);

    /// <summary>Values from a formula, rounded to the format.</summary>
    public static WeightSource Make(ElementType type, long rows, long columns, int seed, string name = "w")
    {
        var random = new Random(seed);
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.Length; i++)
            values[i] = (random.NextSingle() * 2) - 1;
        return type switch
        {
            ElementType.F32 => From(name, type, rows, columns, Pin(values), null),
            ElementType.BF16 => From(name, type, rows, columns, Pin(Array.ConvertAll(values, Bf16.FromFloat)), null),
            _ => From(name, type, rows, columns, Pin(Array.ConvertAll(values, Fp8E4M3.FromFloat)), Scales(rows, columns)),
        };
    }

    private static BlockScales Scales(long rows, long columns)
    {
        long scaleRows = (rows + Block - 1) / Block, scaleColumns = (columns + Block - 1) / Block;
        float[] scales = new float[scaleRows * scaleColumns];
        for (int i = 0; i < scales.Length; i++)
            scales[i] = 0.25f + (0.125f * i);
        return new BlockScales(Pin(scales), Block, Block, scaleColumns);
    }

    private static WeightSource From(
        string name, ElementType type, long rows, long columns, nint address, BlockScales? scales) => new()
        {
            Name = name,
            Type = type,
            Address = address,
            Rows = rows,
            Columns = columns,
            RowStride = columns,
            Scales = scales,
        };

    private static nint Pin<T>(T[] values)
        where T : unmanaged
    {
        T[] pinned = GC.AllocateArray<T>(values.Length, pinned: true);
        values.CopyTo(pinned, 0);
        lock (s_kept)
            s_kept.Add(pinned);
        return Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0);
    }
}
