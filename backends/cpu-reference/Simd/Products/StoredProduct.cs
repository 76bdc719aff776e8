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

    /// <summary>The products of x with four rows, chunk by chunk of K.</summary>
    /// <param name="x">One activation row.</param>
    /// <param name="rows">Four rows; in a scaled format a step never reaches into two blocks.</param>
    /// <param name="next">What is wanted after the four rows, as many bytes: fetched meanwhile, in the order of
    /// addresses, which memory serves faster than four rows by turns.</param>
    /// <param name="n">The first row's number.</param>
    /// <param name="count">Rows of which results are wanted.</param>
    /// <param name="results">Takes them.</param>
    public static void Run<TLanes, TVector, TFormat, TResults>(
        in PackedRows x, StoredRow* rows, byte* next, long n, int count, TResults results)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
        where TResults : struct, IResults
    {
        if (x.Padded != x.Width)
            WithTail<TLanes, TVector, TFormat, TResults>(x, rows, n, count, results);
        else if (TFormat.IsScaled)
            Scaled<TLanes, TVector, TFormat, TResults>(x, rows, next, n, count, results);
        else
            Plain<TLanes, TVector, TFormat, TResults>(x, rows, next, n, count, results);
    }

    // Loops stand in methods without calls: an accumulator that lives across a call lives in memory.
    private static void Plain<TLanes, TVector, TFormat, TResults>(
        in PackedRows packed, StoredRow* rows, byte* next, long n, int count, TResults results)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
        where TResults : struct, IResults
    {
        float* x = packed.At(0, 0);
        byte* r0 = rows[0].Elements, r1 = rows[1].Elements, r2 = rows[2].Elements, r3 = rows[3].Elements;
        int chunks = packed.Chunks, stepBytes = 2 * TLanes.Count * TFormat.Bytes;
        long width = packed.Width * TFormat.Bytes, at = 0;
        for (int c = 0; c < chunks; c++)
        {
            TVector s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
            for (long end = at + width; at < end; at += stepBytes, x += 2 * TLanes.Count)
            {
                Fetch(next + (Abreast * at), Abreast * stepBytes);
                TVector even = TLanes.Load(x), odd = TLanes.Load(x + TLanes.Count);
                s0 = Add<TLanes, TVector, TFormat>(r0 + at, even, odd, s0);
                s1 = Add<TLanes, TVector, TFormat>(r1 + at, even, odd, s1);
                s2 = Add<TLanes, TVector, TFormat>(r2 + at, even, odd, s2);
                s3 = Add<TLanes, TVector, TFormat>(r3 + at, even, odd, s3);
            }

            results.Put(0, c, n, count, TLanes.Sums(s0, s1, s2, s3));
        }
    }

    private static void Scaled<TLanes, TVector, TFormat, TResults>(
        in PackedRows packed, StoredRow* rows, byte* next, long n, int count, TResults results)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
        where TResults : struct, IResults
    {
        float* x = packed.At(0, 0);
        byte* r0 = rows[0].Elements, r1 = rows[1].Elements, r2 = rows[2].Elements, r3 = rows[3].Elements;
        float* f0 = rows[0].Scales, f1 = rows[1].Scales, f2 = rows[2].Scales, f3 = rows[3].Scales;
        int chunks = packed.Chunks;
        long width = packed.Width, perScale = rows[0].PerScale, nextScale = rows[0].ToNextScale, block = 0, k = 0;
        for (int c = 0; c < chunks; c++)
        {
            TVector s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
            for (long end = k + width; k < end;)
            {
                TVector c0 = TLanes.Broadcast(f0[block]), c1 = TLanes.Broadcast(f1[block]);
                TVector c2 = TLanes.Broadcast(f2[block]), c3 = TLanes.Broadcast(f3[block]);
                for (long until = Math.Min(end, nextScale); k < until; k += 2 * TLanes.Count)
                {
                    Fetch(next + (Abreast * k), Abreast * 2 * TLanes.Count);
                    TVector even = TLanes.Load(x + k), odd = TLanes.Load(x + k + TLanes.Count);
                    s0 = Add<TLanes, TVector, TFormat>(r0 + k, c0, even, odd, s0);
                    s1 = Add<TLanes, TVector, TFormat>(r1 + k, c1, even, odd, s1);
                    s2 = Add<TLanes, TVector, TFormat>(r2 + k, c2, even, odd, s2);
                    s3 = Add<TLanes, TVector, TFormat>(r3 + k, c3, even, odd, s3);
                }

                if (k == nextScale)
                    (block, nextScale) = (block + 1, nextScale + perScale);
            }

            results.Put(0, c, n, count, TLanes.Sums(s0, s1, s2, s3));
        }
    }

    /// <summary>Widths that are no whole steps, which no model of size has: row by row.</summary>
    private static void WithTail<TLanes, TVector, TFormat, TResults>(
        in PackedRows packed, StoredRow* rows, long n, int count, TResults results)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
        where TResults : struct, IResults
    {
        float* sums = stackalloc float[Abreast];
        byte* padded = stackalloc byte[2 * sizeof(float) * 16];
        for (int c = 0; c < packed.Chunks; c++)
        {
            float* x = packed.At(0, c);
            long first = c * packed.Width;
            for (int row = 0; row < Abreast; row++)
                sums[row] = OneWithTail<TLanes, TVector, TFormat>(x, rows[row], first, packed.Width, padded);
            results.Put(0, c, n, count, Vector128.Load(sums));
        }
    }

    private static float OneWithTail<TLanes, TVector, TFormat>(float* x, StoredRow row, long first, long count, byte* padded)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        TVector sum = TLanes.Zero;
        for (long k = 0; k < count; k += 2 * TLanes.Count)
        {
            byte* from = row.Elements + ((first + k) * TFormat.Bytes);
            if (k + (2 * TLanes.Count) > count)
            {
                LaneOrder.PadTail<TLanes, TVector, TFormat>(from, count - k, padded);
                from = padded;
            }

            TVector even = TLanes.Load(x + k), odd = TLanes.Load(x + k + TLanes.Count);
            sum = TFormat.IsScaled
                ? Add<TLanes, TVector, TFormat>(from, TLanes.Broadcast(row.ScaleAt(first + k)), even, odd, sum)
                : Add<TLanes, TVector, TFormat>(from, even, odd, sum);
        }

        return TLanes.Sum(sum);
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
}
