using System.Runtime.Intrinsics;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>Stored weights as floats in their own order: what <see cref="WeightSource.Decode"/> defines, by vectors.</summary>
internal static unsafe class StoredValues
{
    /// <summary>Elements [n, k] … [n, k + count - 1] of a part.</summary>
    public static void Decode(in WeightSource part, long n, long k, float* into, long count)
    {
        if (Dot.Is512)
            Decode<Lanes512, Vector512<float>>(part, n, k, into, count);
        else if (Dot.Is256)
            Decode<Lanes256, Vector256<float>>(part, n, k, into, count);
        else
            Decode<Lanes128, Vector128<float>>(part, n, k, into, count);
    }

    private static void Decode<TLanes, TVector>(in WeightSource part, long n, long k, float* into, long count)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        long step = 2 * TLanes.Count, whole = count / step * step;
        bool done = part.Type switch
        {
            ElementType.BF16 => Whole<TLanes, TVector, BF16Format>(part, n, k, into, whole),
            ElementType.F8E4M3 => Whole<TLanes, TVector, E4M3Format>(part, n, k, into, whole),
            ElementType.I8 => Whole<TLanes, TVector, I8Format>(part, n, k, into, whole),
            _ => false,
        };
        long rest = done ? whole : 0;
        part.Decode(n, k + rest, new Span<float>(into + rest, (int)(count - rest)));
    }

    private static bool Whole<TLanes, TVector, TFormat>(in WeightSource part, long n, long k, float* into, long count)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        int step = 2 * TLanes.Count;
        var row = new StoredRow(part, n, k, TFormat.Bytes);
        if (TFormat.IsScaled && !row.IsCutBy(step))
            return false;
        for (long i = 0; i < count; i += step)
        {
            TFormat.LoadPairs<TLanes, TVector>(row.Elements + (i * TFormat.Bytes), out TVector even, out TVector odd);
            if (TFormat.IsScaled)
            {
                TVector scale = TLanes.Broadcast(row.ScaleAt(i));
                even = TLanes.Multiply(even, scale);
                odd = TLanes.Multiply(odd, scale);
            }

            TLanes.StorePairs(even, odd, into + i);
        }

        return true;
    }
}
