using System.Runtime.Intrinsics;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>
/// The softmax over rows of every head at once, heads being the lanes: a head's maximum and sum run over the rows in
/// ascending order in its own lane.
/// </summary>
internal static unsafe class HeadSoftmax
{
    /// <summary>
    /// Replaces logits [count, lanes] by e^(logit − max) and writes 1 / Σ of each lane to <paramref name="inverse"/>; 0
    /// where no logit is above −∞ or there is none, so that the lane's results are 0.
    /// </summary>
    public static void Apply(float* logits, int count, int stride, int lanes, float* inverse)
    {
        int lane = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; lane + 16 <= lanes; lane += 16)
                Apply<Lanes512, Vector512<float>>(logits + lane, count, stride, inverse + lane);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            for (; lane + 8 <= lanes; lane += 8)
                Apply<Lanes256, Vector256<float>>(logits + lane, count, stride, inverse + lane);
        }

        for (; lane < lanes; lane += 4)
            Apply<Lanes128, Vector128<float>>(logits + lane, count, stride, inverse + lane);
    }

    private static void Apply<TLanes, TVector>(float* logits, int count, int stride, float* inverse)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        // From the least finite number: a lane of −∞ alone then gives zeros and no NaN.
        TVector max = TLanes.Broadcast(float.MinValue), sum = TLanes.Zero;
        float* logit = logits;
        for (int j = 0; j < count; j++, logit += stride)
            max = TLanes.Max(max, TLanes.Load(logit));
        logit = logits;
        for (int j = 0; j < count; j++, logit += stride)
        {
            TVector p = Exponential.Of<TLanes, TVector>(TLanes.Subtract(TLanes.Load(logit), max));
            sum = TLanes.Add(sum, p);
            TLanes.Store(p, logit);
        }

        TLanes.Store(sum, inverse);
        for (int lane = 0; lane < TLanes.Count; lane++)
            inverse[lane] = inverse[lane] == 0 ? 0 : 1 / inverse[lane];
    }
}
