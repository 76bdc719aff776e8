using System.Runtime.CompilerServices;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>
/// The rows of one cache and layer by slot. F32 rows are read in place; others are decoded into the reader's memory, a few
/// at a time, to the same floats that <see cref="PlainRows"/> gives: kernels do not see the difference.
/// </summary>
internal readonly unsafe struct CachedRows(byte* rows, RowLayout layout)
{
    /// <summary>True when rows are floats in memory.</summary>
    public bool InPlace => layout.Format == KvFormat.F32;

    /// <summary>Elements of a row.</summary>
    public int Width => layout.Width;

    /// <summary>The row of slot 0, where rows are in place.</summary>
    public float* Floats => (float*)rows;

    /// <summary>A row's elements, in place or decoded to <paramref name="room"/>, which holds <see cref="Width"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Find(int slot, float* room)
    {
        byte* row = Row(slot);
        if (InPlace)
            return (float*)row;
        Decode(row, room);
        return room;
    }

    /// <summary>Decodes the coded elements <paramref name="first"/> … <paramref name="end"/> - 1 of a row.</summary>
    public void Decode(int slot, int first, int end, float* into)
    {
        byte* row = Row(slot);
        if (layout.Format == KvFormat.BF16)
        {
            NarrowFloats.DecodeBf16((ushort*)row + first, end - first, into);
            return;
        }

        for (int i = first; i < end;)
        {
            int tile = i / KvFormats.TileWidth, until = Math.Min(end, (tile + 1) * KvFormats.TileWidth);
            NarrowFloats.DecodeE4M3(row + i, ScaleOf(row, tile), until - i, into + (i - first));
            i = until;
        }
    }

    /// <summary>Rounds a row of floats to its slot.</summary>
    public void Write(int slot, float* row)
    {
        byte* into = Row(slot);
        switch (layout.Format)
        {
            case KvFormat.F32:
                new ReadOnlySpan<float>(row, Width).CopyTo(new Span<float>(into, Width));
                break;
            case KvFormat.BF16:
                NarrowFloats.EncodeBf16(row, Width, (ushort*)into);
                break;
            default:
                for (int first = 0, tile = 0; first < layout.Coded; first += KvFormats.TileWidth, tile++)
                    EncodeTile(row, first, tile, into);
                NarrowFloats.EncodeBf16(row + layout.Coded, layout.Kept, (ushort*)(into + layout.KeptAt));
                break;
        }
    }

    private byte* Row(int slot) => rows + ((long)slot * layout.Bytes);

    private float ScaleOf(byte* row, int tile) => Unsafe.ReadUnaligned<float>(row + layout.ScalesAt + (tile * sizeof(float)));

    private void Decode(byte* row, float* room)
    {
        if (layout.Format == KvFormat.BF16)
        {
            NarrowFloats.DecodeBf16((ushort*)row, Width, room);
            return;
        }

        for (int first = 0, tile = 0; first < layout.Coded; first += KvFormats.TileWidth, tile++)
        {
            int count = Math.Min(KvFormats.TileWidth, layout.Coded - first);
            NarrowFloats.DecodeE4M3(row + first, ScaleOf(row, tile), count, room + first);
        }

        NarrowFloats.DecodeBf16((ushort*)(row + layout.KeptAt), layout.Kept, room + layout.Coded);
    }

    private void EncodeTile(float* row, int first, int tile, byte* into)
    {
        int count = Math.Min(KvFormats.TileWidth, layout.Coded - first);
        float scale = PlainRows.ScaleOf(NarrowFloats.LargestMagnitude(row + first, count), layout.RoundsScales);
        NarrowFloats.EncodeE4M3(row + first, scale, count, into + first);
        Unsafe.WriteUnaligned(into + layout.ScalesAt + (tile * sizeof(float)), scale);
    }
}
