using System.Buffers.Binary;

namespace Glm5.Core.Weights.Formats;

/// <summary>
/// 8-bit integer matrices with one F32 scale a row, <c>W[n, k] = code[n, k] * scale[n]</c>: msModelSlim's W8A8_DYNAMIC.
/// Its zero points are zero; a checkpoint in which they are not is refused. (Activations are quantised per token where
/// the device does that: a matter of the backend, not of the weight.)
/// </summary>
public static class ChannelScaled
{
    /// <summary>
    /// Columns "under one scale", when the scales are read as <see cref="BlockScales"/> of one row by all columns: more
    /// than any matrix has, and a multiple of every vector's width.
    /// </summary>
    public const int AllColumns = 1 << 30;

    /// <summary>Decodes a stretch of one row; one rounding, that of code times scale.</summary>
    public static void DecodeRow(ReadOnlySpan<byte> codes, ReadOnlySpan<byte> scale, Span<float> into)
    {
        float factor = BinaryPrimitives.ReadSingleLittleEndian(scale);
        for (int i = 0; i < into.Length; i++)
        {
            into[i] = (sbyte)codes[i] * factor;
        }
    }

    /// <summary>
    /// Quantises a row: <c>scale = max|w| / 127</c>, codes rounded to nearest even. A row of zeros has scale 0.
    /// </summary>
    /// <returns>The scale.</returns>
    public static float QuantiseRow(ReadOnlySpan<float> row, Span<sbyte> codes)
    {
        float largest = 0;
        foreach (float value in row)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        float scale = largest / sbyte.MaxValue;
        for (int i = 0; i < row.Length; i++)
        {
            codes[i] = scale == 0 ? (sbyte)0 : (sbyte)Math.Clamp(MathF.Round(row[i] / scale), -sbyte.MaxValue, sbyte.MaxValue);
        }

        return scale;
    }
}
