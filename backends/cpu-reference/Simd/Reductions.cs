using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>Sums and maxima of a row, in the order of <see cref="Dot"/>: a vector of lanes, halves joined at the
/// end.</summary>
internal static unsafe class Reductions
{
    /// <summary>Σ x[i].</summary>
    public static float Sum(float* x, long count) =>
        Dot.Is512 ? Sum<Lanes512, Vector512<float>>(x, count)
        : Dot.Is256 ? Sum<Lanes256, Vector256<float>>(x, count)
        : Sum<Lanes128, Vector128<float>>(x, count);

    /// <summary>The largest x[i], NaN where one is; −∞ of none.</summary>
    public static float Max(float* x, long count) =>
        Dot.Is512 ? Max<Lanes512, Vector512<float>>(x, count)
        : Dot.Is256 ? Max<Lanes256, Vector256<float>>(x, count)
        : Max<Lanes128, Vector128<float>>(x, count);

    private static float Sum<TLanes, TVector>(float* x, long count)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector sum = TLanes.Zero;
        long i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count)
            sum = TLanes.Add(sum, TLanes.Load(x + i));
        if (i < count)
            sum = TLanes.Add(sum, Dot.LoadTail<TLanes, TVector>(x + i, count - i));
        return TLanes.Sum(sum);
    }

    private static float Max<TLanes, TVector>(float* x, long count)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector most = TLanes.Broadcast(float.NegativeInfinity);
        long i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count)
            most = TLanes.Max(most, TLanes.Load(x + i));
        ref float lanes = ref Unsafe.As<TVector, float>(ref most);
        float max = float.NegativeInfinity;
        for (int lane = 0; lane < TLanes.Count; lane++)
            max = MathF.Max(max, Unsafe.Add(ref lanes, lane));
        for (; i < count; i++)
            max = MathF.Max(max, x[i]);
        return max;
    }
}
