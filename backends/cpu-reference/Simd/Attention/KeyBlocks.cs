using System.Runtime.CompilerServices;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>
/// A sequence's rows of one cache and layer, found by position through its block table; nothing is copied that is floats
/// already.
/// </summary>
internal readonly unsafe struct KeyBlocks(CachedRows cache, BlockTable table, int blockSlots)
{
    /// <summary>
    /// Addresses of the rows at <paramref name="first"/> … <paramref name="first"/> + <see cref="RowDots.Rows"/> - 1;
    /// those from <paramref name="end"/> on are the last row before it again. <paramref name="room"/> holds so many rows,
    /// for those that have to be decoded.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Tile(int first, int end, float** rows, float* room)
    {
        int offset = first % blockSlots, stride = cache.Width;
        if (cache.InPlace && first + RowDots.Rows <= end && offset + RowDots.Rows <= blockSlots)
        {
            float* row = Row(first, room);
            for (int i = 0; i < RowDots.Rows; i++, row += stride)
                rows[i] = row;
            return;
        }

        for (int i = 0; i < RowDots.Rows; i++)
            rows[i] = Row(Math.Min(first + i, end - 1), room + (i * stride));
    }

    private float* Row(int position, float* room) => cache.Find(table.SlotOf(position, blockSlots), room);
}
