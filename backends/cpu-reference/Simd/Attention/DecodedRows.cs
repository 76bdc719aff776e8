namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>
/// <see cref="WeightedRows"/> over rows that have to be decoded: some rows and columns at a time, which stay in the first
/// cache while all heads take them. The same sums in the same order.
/// </summary>
internal static unsafe class DecodedRows
{
    private const int Columns = 64;

    /// <summary>Sums the columns from <paramref name="first"/> up to <paramref name="end"/>.</summary>
    public static void Sum(WeightedRows sums, CachedRows cache, int first, int end)
    {
        float* room = stackalloc float[WeightedRows.RowsAtOnce * Columns];
        int* places = stackalloc int[WeightedRows.RowsAtOnce];
        for (int i = 0; i < WeightedRows.RowsAtOnce; i++)
            places[i] = i;
        for (int column = first; column < end; column += Columns)
        {
            int until = Math.Min(column + Columns, end), width = until - column;
            // Once even without rows: then all sums are 0.
            for (int from = 0; from == 0 || from < sums.Count; from += WeightedRows.RowsAtOnce)
            {
                int to = Math.Min(from + WeightedRows.RowsAtOnce, sums.Count);
                for (int j = from; j < to; j++)
                    cache.Decode(sums.Slots[j], column, until, room + ((j - from) * width));
                WeightedRows decoded = sums with { Cache = room - column, CacheStride = width, Slots = places - from };
                decoded.SumRows(column, until, from, to);
            }
        }
    }
}
