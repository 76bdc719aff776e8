using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>
/// The indexer's sum over heads, Σ_h w[h] · relu(x[h]): heads filled up with zeros to a power of two, then the upper half is
/// added to the lower until one value is left. The same order for every vector width.
/// </summary>
internal static unsafe class HeadSum
{
    /// <summary>Sums the products x of <paramref name="heads"/> heads, a power of two from 4 on; x is overwritten.</summary>
    public static float Of(float* x, float* w, int heads)
    {
        if (Vector512.IsHardwareAccelerated && heads >= 16)
            return Of<Lanes512, Vector512<float>>(x, w, heads);
        return Vector256.IsHardwareAccelerated && heads >= 8
            ? Of<Lanes256, Vector256<float>>(x, w, heads)
            : Of<Lanes128, Vector128<float>>(x, w, heads);
    }

    private static float Of<TLanes, TVector>(float* x, float* w, int heads)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        if (heads == TLanes.Count)
            return TLanes.Sum(Weighted<TLanes, TVector>(x, w));
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
        TLanes.Multiply(TLanes.Max(TLanes.Load(x), TLanes.Zero), TLanes.Load(w));
}
