using System.Buffers.Binary;
using Glm5.Core.Model;

namespace Glm5.Core.Weights.Formats;

/// <summary>
/// FP8 matrices with one F32 scale per block: <c>W[n, k] = value(code[n, k]) * scale[n / 128, k / 128]</c>. The
/// checkpoints call it <c>weight_scale_inv</c>, and it multiplies.
/// </summary>
public static class BlockScaled
{
    /// <summary>Scales of a matrix: blocks that cover it, the last row and column of blocks cut short.</summary>
    public static (long Rows, long Columns) ScaleShape(long rows, long columns, Fp8BlockQuantisation block) =>
        (CeilingDivide(rows, block.BlockRows), CeilingDivide(columns, block.BlockColumns));

    /// <summary>Decodes a stretch of one row.</summary>
    /// <param name="codes">E4M3 codes, as many as <paramref name="into"/> has elements.</param>
    /// <param name="scaleRow">The row's little-endian F32 scales, from the whole matrix's first column on.</param>
    /// <param name="firstColumn">Column of <c>codes[0]</c> in the whole matrix.</param>
    /// <param name="blockColumns">Columns under one scale.</param>
    /// <param name="into">Receives the values.</param>
    public static void DecodeRow(
        ReadOnlySpan<byte> codes, ReadOnlySpan<byte> scaleRow, long firstColumn, int blockColumns, Span<float> into)
    {
        ReadOnlySpan<float> table = Fp8E4M3.Table;
        for (int i = 0; i < into.Length; i++)
        {
            int block = (int)((firstColumn + i) / blockColumns);
            into[i] = table[codes[i]] * BinaryPrimitives.ReadSingleLittleEndian(scaleRow[(4 * block)..]);
        }
    }

    private static long CeilingDivide(long value, long by) => (value + by - 1) / by;
}
