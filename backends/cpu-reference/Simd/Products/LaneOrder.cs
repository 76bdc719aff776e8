using System.Runtime.CompilerServices;
using Glm5.Core.Weights;

namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>
/// Rows brought into the order in which products read them: for each step of 2 · lanes neighbours the even ones, then the
/// odd ones, the last step filled up with zeros. Rows that are multiplied together lie a vector each by turns, so that a
/// tile reads one stream a side.
/// </summary>
internal static unsafe class LaneOrder
{
    /// <summary>Floats that a stretch of <paramref name="count"/> takes: whole steps.</summary>
    public static long Padded(long count)
    {
        int step = 2 * Dot.Lanes;
        return (count + step - 1) / step * step;
    }

    /// <summary>Packs a stretch of floats; the first vector goes to <paramref name="into"/>, the next ones
    /// <paramref name="stride"/> floats further each.</summary>
    public static void Pack<TLanes, TVector>(float* from, long count, float* into, long stride)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int step = 2 * TLanes.Count;
        long k = 0;
        for (; k + step <= count; k += step, into += 2 * stride)
            Step<TLanes, TVector, F32Format>((byte*)(from + k), into, stride);
        if (k == count)
            return;
        byte* padded = stackalloc byte[2 * sizeof(float) * 16];
        PadTail<TLanes, TVector, F32Format>((byte*)(from + k), count - k, padded);
        Step<TLanes, TVector, F32Format>(padded, into, stride);
    }

    /// <summary>Decodes and packs a stretch of a stored row, as <see cref="Pack"/> does with floats. A scaled stretch
    /// whose steps reach into two blocks is decoded element by element, through <paramref name="floats"/>, which has room
    /// for the stretch.</summary>
    public static void Decode<TLanes, TVector, TFormat>(
        in WeightSource part, long n, long k, long count, float* into, long stride, float* floats)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        var row = new StoredRow(part, n, k, TFormat.Bytes);
        if (!TFormat.IsScaled)
        {
            Decode<TLanes, TVector, TFormat>(row, count, into, stride);
        }
        else if (row.IsCutBy(2 * TLanes.Count))
        {
            DecodeScaled<TLanes, TVector, TFormat>(row, count, into, stride);
        }
        else
        {
            part.Decode(n, k, new Span<float>(floats, (int)count));
            Pack<TLanes, TVector>(floats, count, into, stride);
        }
    }

    /// <summary>Copies the last elements of a stretch, fewer than a step, and fills the step up with zeros.</summary>
    public static void PadTail<TLanes, TVector, TFormat>(byte* from, long count, byte* padded)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        long bytes = count * TFormat.Bytes;
        new Span<byte>(padded, 2 * TLanes.Count * TFormat.Bytes)[(int)bytes..].Clear();
        Unsafe.CopyBlockUnaligned(padded, from, (uint)bytes);
    }

    private static void Decode<TLanes, TVector, TFormat>(StoredRow row, long count, float* into, long stride)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        int step = 2 * TLanes.Count;
        byte* from = row.Elements;
        long k = 0;
        for (; k + step <= count; k += step, into += 2 * stride)
            Step<TLanes, TVector, TFormat>(from + (k * TFormat.Bytes), into, stride);
        if (k == count)
            return;
        byte* padded = stackalloc byte[2 * sizeof(float) * 16];
        PadTail<TLanes, TVector, TFormat>(from + (k * TFormat.Bytes), count - k, padded);
        Step<TLanes, TVector, TFormat>(padded, into, stride);
    }

    private static void DecodeScaled<TLanes, TVector, TFormat>(StoredRow row, long count, float* into, long stride)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        int step = 2 * TLanes.Count;
        byte* padded = stackalloc byte[2 * sizeof(float) * 16];
        for (long k = 0; k < count; k += step, into += 2 * stride)
        {
            byte* from = row.Elements + (k * TFormat.Bytes);
            if (k + step > count)
            {
                PadTail<TLanes, TVector, TFormat>(from, count - k, padded);
                from = padded;
            }

            TFormat.LoadPairs<TLanes, TVector>(from, out TVector even, out TVector odd);
            TVector scale = TLanes.Broadcast(row.ScaleAt(k));
            TLanes.Store(TLanes.Multiply(even, scale), into);
            TLanes.Store(TLanes.Multiply(odd, scale), into + stride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TLanes, TVector, TFormat>(byte* from, float* into, long stride)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        TFormat.LoadPairs<TLanes, TVector>(from, out TVector even, out TVector odd);
        TLanes.Store(even, into);
        TLanes.Store(odd, into + stride);
    }
}
