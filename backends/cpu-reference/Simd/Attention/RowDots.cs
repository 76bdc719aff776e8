using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>
/// Dot products of eight cached rows with every row of a query panel. Eight rows by one or two vectors of lanes is what
/// hides the latency of a multiply-add without running out of registers for sums and addresses.
/// </summary>
internal static unsafe class RowDots
{
    /// <summary>Cached rows in a tile.</summary>
    public const int Rows = 8;

    // Floats of a cache line: how often the next rows are fetched ahead.
    private const int Line = 16;

    /// <summary>
    /// into[r · stride + lane] = scale · Σ_k rows[r][k] · panel[k, lane], k ascending: addresses of <see cref="Rows"/>
    /// rows, which may repeat, and a panel of <paramref name="lanes"/> lanes. <paramref name="next"/>, unless null, are
    /// rows to bring into the cache meanwhile.
    /// </summary>
    public static void Tile(
        float** rows, float** next, float* panel, int lanes, int width, float scale, float* into, int stride)
    {
        int i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; i + 32 <= lanes; i += 32)
                TwoVectors<Lanes512, Vector512<float>>(rows, next, panel + i, lanes, width, scale, into + i, stride);
            for (; i + 16 <= lanes; i += 16)
                OneVector<Lanes512, Vector512<float>>(rows, next, panel + i, lanes, width, scale, into + i, stride);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            for (; i + 8 <= lanes; i += 8)
                OneVector<Lanes256, Vector256<float>>(rows, next, panel + i, lanes, width, scale, into + i, stride);
        }

        for (; i < lanes; i += 4)
            OneVector<Lanes128, Vector128<float>>(rows, next, panel + i, lanes, width, scale, into + i, stride);
    }

    private static void OneVector<TLanes, TVector>(
        float** rows, float** next, float* panel, int lanes, int width, float scale, float* into, int stride)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        float* r0 = rows[0], r1 = rows[1], r2 = rows[2], r3 = rows[3];
        float* r4 = rows[4], r5 = rows[5], r6 = rows[6], r7 = rows[7];
        TVector s0 = TLanes.Zero, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
        for (nint k = 0; k < width;)
        {
            FetchLine(next, k);
            for (nint end = Math.Min(k + Line, width); k < end; k++, panel += lanes)
            {
                TVector q = TLanes.Load(panel);
                s0 = TLanes.MultiplyAdd(q, TLanes.Broadcast(r0[k]), s0);
                s1 = TLanes.MultiplyAdd(q, TLanes.Broadcast(r1[k]), s1);
                s2 = TLanes.MultiplyAdd(q, TLanes.Broadcast(r2[k]), s2);
                s3 = TLanes.MultiplyAdd(q, TLanes.Broadcast(r3[k]), s3);
                s4 = TLanes.MultiplyAdd(q, TLanes.Broadcast(r4[k]), s4);
                s5 = TLanes.MultiplyAdd(q, TLanes.Broadcast(r5[k]), s5);
                s6 = TLanes.MultiplyAdd(q, TLanes.Broadcast(r6[k]), s6);
                s7 = TLanes.MultiplyAdd(q, TLanes.Broadcast(r7[k]), s7);
            }
        }

        TVector factor = TLanes.Broadcast(scale);
        StoreFour<TLanes, TVector>(s0, s1, s2, s3, factor, into, stride);
        StoreFour<TLanes, TVector>(s4, s5, s6, s7, factor, into + (4 * stride), stride);
    }

    private static void TwoVectors<TLanes, TVector>(
        float** rows, float** next, float* panel, int lanes, int width, float scale, float* into, int stride)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        float* r0 = rows[0], r1 = rows[1], r2 = rows[2], r3 = rows[3];
        float* r4 = rows[4], r5 = rows[5], r6 = rows[6], r7 = rows[7];
        TVector s0 = TLanes.Zero, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
        TVector t0 = s0, t1 = s0, t2 = s0, t3 = s0, t4 = s0, t5 = s0, t6 = s0, t7 = s0;
        for (nint k = 0; k < width;)
        {
            FetchLine(next, k);
            for (nint end = Math.Min(k + Line, width); k < end; k++, panel += lanes)
            {
                TVector q = TLanes.Load(panel), p = TLanes.Load(panel + TLanes.Count);
                TVector c = TLanes.Broadcast(r0[k]);
                (s0, t0) = (TLanes.MultiplyAdd(q, c, s0), TLanes.MultiplyAdd(p, c, t0));
                c = TLanes.Broadcast(r1[k]);
                (s1, t1) = (TLanes.MultiplyAdd(q, c, s1), TLanes.MultiplyAdd(p, c, t1));
                c = TLanes.Broadcast(r2[k]);
                (s2, t2) = (TLanes.MultiplyAdd(q, c, s2), TLanes.MultiplyAdd(p, c, t2));
                c = TLanes.Broadcast(r3[k]);
                (s3, t3) = (TLanes.MultiplyAdd(q, c, s3), TLanes.MultiplyAdd(p, c, t3));
                c = TLanes.Broadcast(r4[k]);
                (s4, t4) = (TLanes.MultiplyAdd(q, c, s4), TLanes.MultiplyAdd(p, c, t4));
                c = TLanes.Broadcast(r5[k]);
                (s5, t5) = (TLanes.MultiplyAdd(q, c, s5), TLanes.MultiplyAdd(p, c, t5));
                c = TLanes.Broadcast(r6[k]);
                (s6, t6) = (TLanes.MultiplyAdd(q, c, s6), TLanes.MultiplyAdd(p, c, t6));
                c = TLanes.Broadcast(r7[k]);
                (s7, t7) = (TLanes.MultiplyAdd(q, c, s7), TLanes.MultiplyAdd(p, c, t7));
            }
        }

        TVector factor = TLanes.Broadcast(scale);
        StoreFour<TLanes, TVector>(s0, s1, s2, s3, factor, into, stride);
        StoreFour<TLanes, TVector>(s4, s5, s6, s7, factor, into + (4 * stride), stride);
        StoreFour<TLanes, TVector>(t0, t1, t2, t3, factor, into + TLanes.Count, stride);
        StoreFour<TLanes, TVector>(t4, t5, t6, t7, factor, into + TLanes.Count + (4 * stride), stride);
    }

    /// <summary>Asks for the line of each next row that holds element <paramref name="k"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FetchLine(float** next, nint k)
    {
        if (next is null || !Sse.IsSupported)
            return;
        for (int r = 0; r < Rows; r++)
            Sse.Prefetch0(next[r] + k);
    }

    // Inlined, or the loop's sums would live in memory across the call.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFour<TLanes, TVector>(
        TVector a, TVector b, TVector c, TVector d, TVector factor, float* into, int stride)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TLanes.Store(TLanes.Multiply(a, factor), into);
        TLanes.Store(TLanes.Multiply(b, factor), into + stride);
        TLanes.Store(TLanes.Multiply(c, factor), into + (2 * stride));
        TLanes.Store(TLanes.Multiply(d, factor), into + (3 * stride));
    }
}
