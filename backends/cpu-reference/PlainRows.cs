using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights.Formats;

namespace Glm5.Backends.CpuReference;

/// <summary>
/// Cached rows to bytes and back, element by element, as the formats are defined: what the oracle rounds by, and the
/// twin that vector code is compared with.
/// </summary>
internal static class PlainRows
{
    /// <summary>Below it everything is coded as 0, and no scale is 0.</summary>
    private const float LeastMagnitude = 1e-10f;

    /// <summary>Rounds a row to its bytes.</summary>
    public static void Encode(RowLayout layout, ReadOnlySpan<float> row, Span<byte> into)
    {
        switch (layout.Format)
        {
            case KvFormat.F32:
                MemoryMarshal.AsBytes(row).CopyTo(into);
                break;
            case KvFormat.BF16:
                EncodeBf16(row, into);
                break;
            default:
                for (int tile = 0; tile < KvFormats.Tiles(layout.Coded); tile++)
                    EncodeTile(layout, tile, row, into);
                EncodeBf16(row[layout.Coded..], into[layout.KeptAt..]);
                break;
        }
    }

    /// <summary>The values of a row's bytes.</summary>
    public static void Decode(RowLayout layout, ReadOnlySpan<byte> from, Span<float> row)
    {
        switch (layout.Format)
        {
            case KvFormat.F32:
                from.CopyTo(MemoryMarshal.AsBytes(row));
                break;
            case KvFormat.BF16:
                Bf16.Decode(from, row);
                break;
            default:
                for (int i = 0; i < layout.Coded; i++)
                    row[i] = Fp8E4M3.ToFloat(from[i]) * MemoryMarshal.Read<float>(from[ScaleAt(layout, i / KvFormats.TileWidth)..]);
                Bf16.Decode(from[layout.KeptAt..], row[layout.Coded..]);
                break;
        }
    }

    /// <summary>max |x| / 448, or the next power of two: so that the largest element is coded as 448 or less.</summary>
    public static float ScaleOf(float largest, bool rounds)
    {
        float scale = MathF.Max(largest, LeastMagnitude) / Fp8E4M3.Largest;
        if (!rounds || !float.IsFinite(scale))
            return scale;
        // All mantissa bits away, after adding enough to carry into the exponent unless they are 0 already.
        return BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(scale) + 0x7F_FFFF) & 0xFF80_0000);
    }

    private static void EncodeTile(RowLayout layout, int tile, ReadOnlySpan<float> row, Span<byte> into)
    {
        int first = tile * KvFormats.TileWidth, end = Math.Min(first + KvFormats.TileWidth, layout.Coded);
        float largest = 0;
        foreach (float value in row[first..end])
            largest = MathF.Max(largest, MathF.Abs(value));
        float scale = ScaleOf(largest, layout.RoundsScales);
        for (int i = first; i < end; i++)
            into[i] = Fp8E4M3.FromFloat(row[i] / scale);
        MemoryMarshal.Write(into[ScaleAt(layout, tile)..], scale);
    }

    private static int ScaleAt(RowLayout layout, int tile) => layout.ScalesAt + (tile * sizeof(float));

    private static void EncodeBf16(ReadOnlySpan<float> values, Span<byte> into)
    {
        Span<ushort> codes = MemoryMarshal.Cast<byte, ushort>(into);
        for (int i = 0; i < values.Length; i++)
            codes[i] = Bf16.FromFloat(values[i]);
    }
}
