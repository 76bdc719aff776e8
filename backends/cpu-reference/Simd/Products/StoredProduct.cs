using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>
/// One activation row times stored rows, read where they lie: decoding is bound by memory, so nothing is written back, and
/// four rows go abreast because one accumulator a row, which the canonical order asks for (<see cref="Dot"/>), would
/// leave the multipliers waiting for each other.
/// </summary>
internal static unsafe class StoredProduct
{
    /// <summary>Rows that go abreast.</summary>
    public const int Abreast = 4;

    private const int LineBytes = 64;

    /// <summary>The products of x with four stretches of <paramref name="count"/> elements.</summary>
    /// <param name="x">The activation row in lane order, see <see cref="LaneOrder"/>.</param>
    /// <param name="rows">Four stretches; in a scaled format a step never reaches into two blocks.</param>
    /// <param name="count">Elements of a stretch.</param>
    /// <param name="next">What is wanted after the four stretches, as many bytes: fetched meanwhile, in the order of
    /// addresses, which memory serves faster than four rows by turns.</param>
    public static Vector128<float> Of<TLanes, TVector, TFormat>(float* x, StoredRow* rows, long count, byte* next)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        float* sums = stackalloc float[Abreast * TLanes.Count];
        long step = 2 * TLanes.Count, whole = count / step * step;
        if (TFormat.IsScaled)
            Scaled<TLanes, TVector, TFormat>(x, rows, whole, next, sums);
        else
            Plain<TLanes, TVector, TFormat>(x, rows, whole, next, sums);
        if (whole < count)
            Tail<TLanes, TVector, TFormat>(x + whole, rows, whole, count, sums);
        return TLanes.Sums(
            TLanes.Load(sums), TLanes.Load(sums + TLanes.Count),
            TLanes.Load(sums + (2 * TLanes.Count)), TLanes.Load(sums + (3 * TLanes.Count)));
    }

    // Loops stand in methods without calls: an accumulator that lives across a call lives in memory.
    private static void Plain<TLanes, TVector, TFormat>(float* x, StoredRow* rows, long count, byte* next, float* sums)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        TVector s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        byte* r0 = rows[0].Elements, r1 = rows[1].Elements, r2 = rows[2].Elements, r3 = rows[3].Elements;
        int stepBytes = 2 * TLanes.Count * TFormat.Bytes;
        for (long k = 0, at = 0; k < count; k += 2 * TLanes.Count, at += stepBytes)
        {
            Fetch(next + (Abreast * at), Abreast * stepBytes);
            TVector even = TLanes.Load(x + k), odd = TLanes.Load(x + k + TLanes.Count);
            s0 = Add<TLanes, TVector, TFormat>(r0 + at, even, odd, s0);
            s1 = Add<TLanes, TVector, TFormat>(r1 + at, even, odd, s1);
            s2 = Add<TLanes, TVector, TFormat>(r2 + at, even, odd, s2);
            s3 = Add<TLanes, TVector, TFormat>(r3 + at, even, odd, s3);
        }

        TLanes.Store(s0, sums);
        TLanes.Store(s1, sums + TLanes.Count);
        TLanes.Store(s2, sums + (2 * TLanes.Count));
        TLanes.Store(s3, sums + (3 * TLanes.Count));
    }

    private static void Scaled<TLanes, TVector, TFormat>(float* x, StoredRow* rows, long count, byte* next, float* sums)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        TVector s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        byte* r0 = rows[0].Elements, r1 = rows[1].Elements, r2 = rows[2].Elements, r3 = rows[3].Elements;
        float* f0 = rows[0].Scales, f1 = rows[1].Scales, f2 = rows[2].Scales, f3 = rows[3].Scales;
        long perScale = rows[0].PerScale, end = rows[0].ToNextScale;
        for (long k = 0, block = 0; k < count; block++, end += perScale)
        {
            TVector c0 = TLanes.Broadcast(f0[block]), c1 = TLanes.Broadcast(f1[block]);
            TVector c2 = TLanes.Broadcast(f2[block]), c3 = TLanes.Broadcast(f3[block]);
            for (long until = Math.Min(end, count); k < until; k += 2 * TLanes.Count)
            {
                Fetch(next + (Abreast * k), Abreast * 2 * TLanes.Count);
                TVector even = TLanes.Load(x + k), odd = TLanes.Load(x + k + TLanes.Count);
                s0 = Add<TLanes, TVector, TFormat>(r0 + k, c0, even, odd, s0);
                s1 = Add<TLanes, TVector, TFormat>(r1 + k, c1, even, odd, s1);
                s2 = Add<TLanes, TVector, TFormat>(r2 + k, c2, even, odd, s2);
                s3 = Add<TLanes, TVector, TFormat>(r3 + k, c3, even, odd, s3);
            }
        }

        TLanes.Store(s0, sums);
        TLanes.Store(s1, sums + TLanes.Count);
        TLanes.Store(s2, sums + (2 * TLanes.Count));
        TLanes.Store(s3, sums + (3 * TLanes.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Add<TLanes, TVector, TFormat>(byte* from, TVector even, TVector odd, TVector sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        TFormat.LoadPairs<TLanes, TVector>(from, out TVector w0, out TVector w1);
        return TLanes.MultiplyAdd(w1, odd, TLanes.MultiplyAdd(w0, even, sum));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Add<TLanes, TVector, TFormat>(
        byte* from, TVector scale, TVector even, TVector odd, TVector sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        TFormat.LoadPairs<TLanes, TVector>(from, out TVector w0, out TVector w1);
        w0 = TLanes.Multiply(w0, scale);
        w1 = TLanes.Multiply(w1, scale);
        return TLanes.MultiplyAdd(w1, odd, TLanes.MultiplyAdd(w0, even, sum));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch(byte* from, int bytes)
    {
        if (!Sse.IsSupported)
            return;
        for (int line = 0; line < bytes; line += LineBytes)
            Sse.Prefetch0(from + line);
    }

    private static void Tail<TLanes, TVector, TFormat>(float* x, StoredRow* rows, long k, long count, float* sums)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        byte* padded = stackalloc byte[2 * sizeof(float) * 16];
        for (int row = 0; row < Abreast; row++, sums += TLanes.Count)
        {
            LaneOrder.PadTail<TLanes, TVector, TFormat>(rows[row].Elements + (k * TFormat.Bytes), count - k, padded);
            TVector even = TLanes.Load(x), odd = TLanes.Load(x + TLanes.Count), sum = TLanes.Load(sums);
            sum = TFormat.IsScaled
                ? Add<TLanes, TVector, TFormat>(padded, TLanes.Broadcast(rows[row].ScaleAt(k)), even, odd, sum)
                : Add<TLanes, TVector, TFormat>(padded, even, odd, sum);
            TLanes.Store(sum, sums);
        }
    }
}
