using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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

    /// <summary>The products of x with four stretches of <paramref name="count"/> elements.</summary>
    /// <param name="x">The activation row in lane order, see <see cref="LaneOrder"/>.</param>
    /// <param name="rows">Four stretches; in a scaled format a step never reaches into two blocks.</param>
    /// <param name="count">Elements of a stretch.</param>
    public static Vector128<float> Of<TLanes, TVector, TFormat>(float* x, StoredRow* rows, long count)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        TVector s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        byte* r0 = rows[0].Elements, r1 = rows[1].Elements, r2 = rows[2].Elements, r3 = rows[3].Elements;
        long step = 2 * TLanes.Count, whole = count / step * step, k = 0;
        for (int block = 0; k < whole; block++)
        {
            TVector c0 = TLanes.Zero, c1 = c0, c2 = c0, c3 = c0;
            long end = whole;
            if (TFormat.IsScaled)
            {
                c0 = TLanes.Broadcast(rows[0].Scales[block]);
                c1 = TLanes.Broadcast(rows[1].Scales[block]);
                c2 = TLanes.Broadcast(rows[2].Scales[block]);
                c3 = TLanes.Broadcast(rows[3].Scales[block]);
                end = Math.Min(whole, rows[0].ToNextScale + ((long)block * rows[0].PerScale));
            }

            for (; k < end; k += step)
            {
                long at = k * TFormat.Bytes;
                TVector even = TLanes.Load(x + k), odd = TLanes.Load(x + k + TLanes.Count);
                s0 = Add<TLanes, TVector, TFormat>(r0 + at, c0, even, odd, s0);
                s1 = Add<TLanes, TVector, TFormat>(r1 + at, c1, even, odd, s1);
                s2 = Add<TLanes, TVector, TFormat>(r2 + at, c2, even, odd, s2);
                s3 = Add<TLanes, TVector, TFormat>(r3 + at, c3, even, odd, s3);
            }
        }

        if (whole < count)
        {
            byte* padded = stackalloc byte[2 * sizeof(float) * 16];
            TVector even = TLanes.Load(x + k), odd = TLanes.Load(x + k + TLanes.Count);
            s0 = AddTail<TLanes, TVector, TFormat>(rows + 0, k, count, padded, even, odd, s0);
            s1 = AddTail<TLanes, TVector, TFormat>(rows + 1, k, count, padded, even, odd, s1);
            s2 = AddTail<TLanes, TVector, TFormat>(rows + 2, k, count, padded, even, odd, s2);
            s3 = AddTail<TLanes, TVector, TFormat>(rows + 3, k, count, padded, even, odd, s3);
        }

        return TLanes.Sums(s0, s1, s2, s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Add<TLanes, TVector, TFormat>(byte* from, TVector scale, TVector even, TVector odd, TVector sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        TFormat.LoadPairs<TLanes, TVector>(from, out TVector w0, out TVector w1);
        if (TFormat.IsScaled)
        {
            w0 = TLanes.Multiply(w0, scale);
            w1 = TLanes.Multiply(w1, scale);
        }

        return TLanes.MultiplyAdd(w1, odd, TLanes.MultiplyAdd(w0, even, sum));
    }

    private static TVector AddTail<TLanes, TVector, TFormat>(
        StoredRow* row, long k, long count, byte* padded, TVector even, TVector odd, TVector sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        LaneOrder.PadTail<TLanes, TVector, TFormat>(row->Elements + (k * TFormat.Bytes), count - k, padded);
        TVector scale = TFormat.IsScaled ? TLanes.Broadcast(row->ScaleAt(k)) : TLanes.Zero;
        return Add<TLanes, TVector, TFormat>(padded, scale, even, odd, sum);
    }
}
