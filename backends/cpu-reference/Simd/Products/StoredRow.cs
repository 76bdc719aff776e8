using Glm5.Core.Weights;

namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>A stretch of one stored row: where its elements are and, in a scaled format, its scales.</summary>
internal readonly unsafe struct StoredRow
{
    /// <summary>The stretch of row <paramref name="n"/> of a part that begins at column <paramref name="k"/>.</summary>
    public StoredRow(in WeightSource part, long n, long k, int bytes)
    {
        Elements = (byte*)part.Address + (((n * part.RowStride) + k) * bytes);
        if (part.Scales is not { } scales)
            return;
        long column = part.ColumnOrigin + k;
        long block = ((part.RowOrigin + n) / scales.BlockRows * scales.ScaleColumns) + (column / scales.BlockColumns);
        Scales = (float*)scales.Address + block;
        ToNextScale = (int)(scales.BlockColumns - (column % scales.BlockColumns));
        PerScale = scales.BlockColumns;
    }

    /// <summary>The first element.</summary>
    public byte* Elements { get; }

    /// <summary>The first element's scale; those of the blocks to the right follow it.</summary>
    public float* Scales { get; }

    /// <summary>Elements from the first one to the next block.</summary>
    public int ToNextScale { get; }

    /// <summary>Elements under one scale.</summary>
    public int PerScale { get; }

    /// <summary>The scale of an element, counted from the first one.</summary>
    public float ScaleAt(long element) =>
        Scales[element < ToNextScale ? 0 : 1 + ((element - ToNextScale) / PerScale)];

    /// <summary>Whether steps of that many elements from the first one on never reach into two blocks.</summary>
    public bool IsCutBy(int step) => PerScale % step == 0 && ToNextScale % step == 0;
}
