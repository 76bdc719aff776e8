using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>
/// Sums of cached rows, weighted by head: into[h, i] = factor[h] · Σ_j p[j, h] · row[j, i], j ascending. Here the
/// columns are the lanes, and each has one accumulator a head: the bits depend neither on the vector width nor on how
/// columns are split.
/// </summary>
internal readonly unsafe struct WeightedRows
{
    // Rows that are read for all heads before the next ones: few enough to stay in the first cache.
    public const int RowsAtOnce = 64;

    private const int HeadsAtOnce = 4;

    /// <summary>Address of the cached row in slot 0.</summary>
    public required float* Cache { get; init; }

    /// <summary>Floats from slot to slot.</summary>
    public required int CacheStride { get; init; }

    /// <summary>The rows' slots.</summary>
    public required int* Slots { get; init; }

    /// <summary>Rows.</summary>
    public required int Count { get; init; }

    /// <summary>p[j, h]; heads filled up to a multiple of four with anything.</summary>
    public required float* Weights { get; init; }

    /// <summary>Floats from p[j, ·] to p[j + 1, ·].</summary>
    public required int WeightStride { get; init; }

    /// <summary>factor[h], filled up like p.</summary>
    public required float* Factors { get; init; }

    /// <summary>Heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Address of into[0, 0].</summary>
    public required float* Into { get; init; }

    /// <summary>Floats from head to head.</summary>
    public required int IntoStride { get; init; }

    /// <summary>A row as long as into's, for the sums of heads that are not there.</summary>
    public required float* Spill { get; init; }

    /// <summary>Sums the columns from <paramref name="first"/> up to <paramref name="end"/>.</summary>
    public void Sum(int first, int end)
    {
        // Once even without rows: then all sums are 0.
        for (int from = 0; from == 0 || from < Count; from += RowsAtOnce)
            SumRows(first, end, from, Math.Min(from + RowsAtOnce, Count));
    }

    /// <summary>
    /// Adds rows <paramref name="from"/> … <paramref name="to"/> - 1 to those columns: called for all rows in ascending order.
    /// </summary>
    public void SumRows(int first, int end, int from, int to)
    {
        for (int h = 0; h < Heads; h += HeadsAtOnce)
            SumTile(first, end, h, from, to);
    }

    private void SumTile(int first, int end, int head, int from, int to)
    {
        int i = first;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; i + 64 <= end; i += 64)
                FourVectors<Lanes512, Vector512<float>>(i, head, from, to);
            for (; i + 16 <= end; i += 16)
                OneVector<Lanes512, Vector512<float>>(i, head, from, to);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            for (; i + 8 <= end; i += 8)
                OneVector<Lanes256, Vector256<float>>(i, head, from, to);
        }

        for (; i + 4 <= end; i += 4)
            OneVector<Lanes128, Vector128<float>>(i, head, from, to);
        for (; i < end; i++)
            OneColumn(i, head, from, to);
    }

    private void FourVectors<TLanes, TVector>(int column, int head, int from, int to)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        float* y0 = Sums(head, column), y1 = Sums(head + 1, column);
        float* y2 = Sums(head + 2, column), y3 = Sums(head + 3, column);
        Begin<TLanes, TVector>(y0, from, out TVector a0, out TVector a1, out TVector a2, out TVector a3);
        Begin<TLanes, TVector>(y1, from, out TVector b0, out TVector b1, out TVector b2, out TVector b3);
        Begin<TLanes, TVector>(y2, from, out TVector c0, out TVector c1, out TVector c2, out TVector c3);
        Begin<TLanes, TVector>(y3, from, out TVector d0, out TVector d1, out TVector d2, out TVector d3);
        float* p = Weights + ((long)from * WeightStride) + head;
        for (int j = from; j < to; j++, p += WeightStride)
        {
            float* row = Row(j, column);
            TVector x0 = TLanes.Load(row), x1 = TLanes.Load(row + TLanes.Count);
            TVector x2 = TLanes.Load(row + (2 * TLanes.Count)), x3 = TLanes.Load(row + (3 * TLanes.Count));
            TVector w = TLanes.Broadcast(p[0]);
            (a0, a1) = (TLanes.MultiplyAdd(w, x0, a0), TLanes.MultiplyAdd(w, x1, a1));
            (a2, a3) = (TLanes.MultiplyAdd(w, x2, a2), TLanes.MultiplyAdd(w, x3, a3));
            w = TLanes.Broadcast(p[1]);
            (b0, b1) = (TLanes.MultiplyAdd(w, x0, b0), TLanes.MultiplyAdd(w, x1, b1));
            (b2, b3) = (TLanes.MultiplyAdd(w, x2, b2), TLanes.MultiplyAdd(w, x3, b3));
            w = TLanes.Broadcast(p[2]);
            (c0, c1) = (TLanes.MultiplyAdd(w, x0, c0), TLanes.MultiplyAdd(w, x1, c1));
            (c2, c3) = (TLanes.MultiplyAdd(w, x2, c2), TLanes.MultiplyAdd(w, x3, c3));
            w = TLanes.Broadcast(p[3]);
            (d0, d1) = (TLanes.MultiplyAdd(w, x0, d0), TLanes.MultiplyAdd(w, x1, d1));
            (d2, d3) = (TLanes.MultiplyAdd(w, x2, d2), TLanes.MultiplyAdd(w, x3, d3));
        }

        End<TLanes, TVector>(a0, a1, a2, a3, y0, head, to);
        End<TLanes, TVector>(b0, b1, b2, b3, y1, head + 1, to);
        End<TLanes, TVector>(c0, c1, c2, c3, y2, head + 2, to);
        End<TLanes, TVector>(d0, d1, d2, d3, y3, head + 3, to);
    }

    private void OneVector<TLanes, TVector>(int column, int head, int from, int to)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        float* y0 = Sums(head, column), y1 = Sums(head + 1, column);
        float* y2 = Sums(head + 2, column), y3 = Sums(head + 3, column);
        TVector a = Begin<TLanes, TVector>(y0, from), b = Begin<TLanes, TVector>(y1, from);
        TVector c = Begin<TLanes, TVector>(y2, from), d = Begin<TLanes, TVector>(y3, from);
        float* p = Weights + ((long)from * WeightStride) + head;
        for (int j = from; j < to; j++, p += WeightStride)
        {
            TVector x = TLanes.Load(Row(j, column));
            a = TLanes.MultiplyAdd(TLanes.Broadcast(p[0]), x, a);
            b = TLanes.MultiplyAdd(TLanes.Broadcast(p[1]), x, b);
            c = TLanes.MultiplyAdd(TLanes.Broadcast(p[2]), x, c);
            d = TLanes.MultiplyAdd(TLanes.Broadcast(p[3]), x, d);
        }

        End<TLanes, TVector>(a, y0, head, to);
        End<TLanes, TVector>(b, y1, head + 1, to);
        End<TLanes, TVector>(c, y2, head + 2, to);
        End<TLanes, TVector>(d, y3, head + 3, to);
    }

    private void OneColumn(int column, int head, int from, int to)
    {
        for (int h = head; h < head + HeadsAtOnce; h++)
        {
            float* y = Sums(h, column);
            float sum = from == 0 ? 0 : *y;
            for (int j = from; j < to; j++)
                sum = float.MultiplyAddEstimate(Weights[((long)j * WeightStride) + h], *Row(j, column), sum);
            *y = to == Count ? sum * Factors[h] : sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float* Row(int j, int column) => Cache + ((long)Slots[j] * CacheStride) + column;

    private float* Sums(int head, int column) => (head < Heads ? Into + ((long)head * IntoStride) : Spill) + column;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Begin<TLanes, TVector>(
        float* sums, int from, out TVector x0, out TVector x1, out TVector x2, out TVector x3)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        (x0, x1) = (Begin<TLanes, TVector>(sums, from), Begin<TLanes, TVector>(sums + TLanes.Count, from));
        sums += 2 * TLanes.Count;
        (x2, x3) = (Begin<TLanes, TVector>(sums, from), Begin<TLanes, TVector>(sums + TLanes.Count, from));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Begin<TLanes, TVector>(float* sums, int from)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => from == 0 ? TLanes.Zero : TLanes.Load(sums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void End<TLanes, TVector>(TVector x0, TVector x1, TVector x2, TVector x3, float* sums, int head, int to)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        End<TLanes, TVector>(x0, sums, head, to);
        End<TLanes, TVector>(x1, sums + TLanes.Count, head, to);
        End<TLanes, TVector>(x2, sums + (2 * TLanes.Count), head, to);
        End<TLanes, TVector>(x3, sums + (3 * TLanes.Count), head, to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void End<TLanes, TVector>(TVector sum, float* sums, int head, int to)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct =>
        TLanes.Store(to == Count ? TLanes.Multiply(sum, TLanes.Broadcast(Factors[head])) : sum, sums);
}
