namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>
/// Activation rows in lane order (<see cref="LaneOrder"/>), in groups of <see cref="Tile.MostRows"/> rows whose vectors lie
/// by turns. K is cut into equal chunks, packed one behind the other, each filled up to whole steps.
/// </summary>
/// <param name="address">Of the first group.</param>
/// <param name="rows">Rows.</param>
/// <param name="chunks">Chunks of K; 1 where the product is one sum.</param>
/// <param name="width">Elements of a chunk.</param>
internal readonly unsafe struct PackedRows(float* address, long rows, int chunks, long width)
{
    private readonly float* _address = address;

    /// <summary>Rows.</summary>
    public long Rows { get; } = rows;

    /// <summary>Chunks of K.</summary>
    public int Chunks { get; } = chunks;

    /// <summary>Elements of a chunk.</summary>
    public long Width { get; } = width;

    /// <summary>Floats that a chunk takes in one row.</summary>
    public long Padded { get; } = LaneOrder.Padded(width);

    /// <summary>Floats that a row takes.</summary>
    public long RowFloats => Chunks * Padded;

    /// <summary>Groups of rows.</summary>
    public long Groups => (Rows + Tile.MostRows - 1) / Tile.MostRows;

    /// <summary>Rows of a group.</summary>
    public int RowsOf(long group) => (int)Math.Min(Tile.MostRows, Rows - (group * Tile.MostRows));

    /// <summary>A chunk of a group.</summary>
    public float* At(long group, int chunk) =>
        _address + (group * Tile.MostRows * RowFloats) + (chunk * RowsOf(group) * Padded);

    /// <summary>Fills a group from the rows at <paramref name="from"/>, counted over all groups.</summary>
    public void Fill<TLanes, TVector>(float** from, long group)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int count = RowsOf(group);
        for (int t = 0; t < count; t++)
        {
            float* row = from[(group * Tile.MostRows) + t];
            for (int c = 0; c < Chunks; c++, row += Width)
                LaneOrder.Pack<TLanes, TVector>(row, Width, At(group, c) + (t * TLanes.Count), count * TLanes.Count);
        }
    }
}
