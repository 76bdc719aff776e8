using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>
/// The indexer's sum over heads, Σ_h w[h] · relu(x[h]): heads filled up with zeros to a power of two, then the upper
/// half is added to the lower until one value is left. The same order for every vector width.
/// </summary>
internal static unsafe class HeadSum
{
    /// <summary>Rows that are summed together: their last additions share instructions.</summary>
    public const int Rows = 4;

    /// <summary>
    /// into[r] = Σ_h w[h] · relu(x[r · stride + h]) for <see cref="Rows"/> rows of <paramref name="heads"/> products, a
    /// power of two from 4 on. Overwrites x.
    /// </summary>
    public static void Of(float* x, int stride, float* w, int heads, float* into)
    {
        if (Vector512.IsHardwareAccelerated && heads >= 16)
            Of<Lanes512, Vector512<float>>(x, stride, w, heads, into);
        else if (Vector256.IsHardwareAccelerated && heads >= 8)
            Of<Lanes256, Vector256<float>>(x, stride, w, heads, into);
        else
            Of<Lanes128, Vector128<float>>(x, stride, w, heads, into);
    }

    private static void Of<TLanes, TVector>(float* x, int stride, float* w, int heads, float* into)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        if (heads > 2 * TLanes.Count)
        {
            for (int r = 0; r < Rows; r++)
                into[r] = Long<TLanes, TVector>(x + (r * stride), w, heads);
            return;
        }

        TLanes.Sums(
            Folded<TLanes, TVector>(x, w, heads),
            Folded<TLanes, TVector>(x + stride, w, heads),
            Folded<TLanes, TVector>(x + (2 * stride), w, heads),
            Folded<TLanes, TVector>(x + (3 * stride), w, heads)).Store(into);
    }

    /// <summary>One or two vectors of heads, folded to one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Folded<TLanes, TVector>(float* x, float* w, int heads)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector sum = Weighted<TLanes, TVector>(x, w);
        return heads == TLanes.Count
            ? sum
            : TLanes.Add(sum, Weighted<TLanes, TVector>(x + TLanes.Count, w + TLanes.Count));
    }

    /// <summary>Any number of heads, folded in place.</summary>
    private static float Long<TLanes, TVector>(float* x, float* w, int heads)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        for (int h = 0; h < heads; h += TLanes.Count)
            TLanes.Store(Weighted<TLanes, TVector>(x + h, w + h), x + h);
        int half = heads / 2;
        for (; half > TLanes.Count; half /= 2)
        {
            for (int h = 0; h < half; h += TLanes.Count)
                TLanes.Store(TLanes.Add(TLanes.Load(x + h), TLanes.Load(x + half + h)), x + h);
        }

        return TLanes.Sum(TLanes.Add(TLanes.Load(x), TLanes.Load(x + half)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Weighted<TLanes, TVector>(float* x, float* w)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct =>
        TLanes.Multiply(TLanes.Rectify(TLanes.Load(x)), TLanes.Load(w));
}
