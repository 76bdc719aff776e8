using System.Runtime.InteropServices;

namespace Glm5.Benchmarks.Models;

/// <summary>
/// Writes one matrix as E4M3 codes followed by its block scales, a band of 128 rows at a time. A block's scale is its
/// largest magnitude over 448, so its largest element uses the last code; edge blocks are cut by the matrix.
/// </summary>
internal sealed class BlockQuantizer(BenchTensor tensor, KeyedNoise noise)
{
    private readonly float[] _values = new float[BenchTensor.ScaleBlock * tensor.Columns];
    private readonly byte[] _codes = new byte[BenchTensor.ScaleBlock * tensor.Columns];
    private readonly float[] _scales = new float[tensor.ScaleRows * tensor.ScaleColumns];

    public void Write(FileStream file)
    {
        for (int band = 0; band < tensor.ScaleRows; band++)
        {
            int firstRow = band * BenchTensor.ScaleBlock;
            int count = Math.Min(BenchTensor.ScaleBlock, tensor.Rows - firstRow) * tensor.Columns;
            noise.Fill((long)firstRow * tensor.Columns, tensor.Mean, tensor.Deviation, _values.AsSpan(0, count));
            for (int block = 0; block < tensor.ScaleColumns; block++)
            {
                _scales[(band * tensor.ScaleColumns) + block] = Quantize(count, block * BenchTensor.ScaleBlock);
            }

            file.Write(_codes, 0, count);
        }

        file.Write(MemoryMarshal.AsBytes<float>(_scales));
    }

    /// <summary>
    /// Quantises the columns from <paramref name="firstColumn"/> of the band's first elements; returns their scale.
    /// </summary>
    private float Quantize(int count, int firstColumn)
    {
        int width = Math.Min(BenchTensor.ScaleBlock, tensor.Columns - firstColumn);
        float largest = 0;
        for (int row = firstColumn; row < count; row += tensor.Columns)
        {
            foreach (float value in _values.AsSpan(row, width))
            {
                largest = MathF.Max(largest, MathF.Abs(value));
            }
        }

        float scale = largest / NarrowFloat.LargestE4M3;
        for (int row = firstColumn; row < count; row += tensor.Columns)
        {
            for (int i = row; i < row + width; i++)
            {
                _codes[i] = NarrowFloat.ToE4M3(_values[i] / scale);
            }
        }

        return scale;
    }
}
