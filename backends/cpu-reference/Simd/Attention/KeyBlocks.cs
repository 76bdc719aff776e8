using System.Runtime.CompilerServices;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>
/// A sequence's rows of one cache and layer, found by position through its block table; nothing is copied.
/// </summary>
internal readonly unsafe struct KeyBlocks(float* cache, int stride, BlockTable table, int blockSlots)
{
    /// <summary>
    /// Addresses of the rows at <paramref name="first"/> … <paramref name="first"/> + <see cref="RowDots.Rows"/> - 1;
    /// those from <paramref name="end"/> on are the last row before it again.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Tile(int first, int end, float** rows)
    {
        int offset = first % blockSlots;
        if (first + RowDots.Rows <= end && offset + RowDots.Rows <= blockSlots)
        {
            float* row = Row(first);
            for (int i = 0; i < RowDots.Rows; i++, row += stride)
                rows[i] = row;
            return;
        }

        for (int i = 0; i < RowDots.Rows; i++)
            rows[i] = Row(Math.Min(first + i, end - 1));
    }

    private float* Row(int position) => cache + ((long)table.SlotOf(position, blockSlots) * stride);
}
