using System.Numerics;
using System.Runtime.Intrinsics;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>
/// The k largest scores without sorting: the k-th largest is found by bisection over all floats in their order, each
/// step one counting pass at vector speed, and a last pass collects. At most 34 passes, whatever the scores are.
/// </summary>
internal static unsafe class TopPositions
{
    /// <summary>
    /// Writes the indices of the <paramref name="k"/> largest scores, ascending, ties to the lowest index, −1 behind
    /// them. NaN and −∞ are never chosen.
    /// </summary>
    public static void Choose(float* scores, int count, int* chosen, int k)
    {
        int written = CountAtLeast(scores, count, float.MinValue) <= k
            ? Collect(scores, count, float.NegativeInfinity, 0, chosen)
            : CollectLargest(scores, count, k, chosen);
        for (int i = written; i < k; i++)
            chosen[i] = -1;
    }

    /// <summary>There are more than k to choose from.</summary>
    private static int CollectLargest(float* scores, int count, int k, int* chosen)
    {
        // k scores or more are at least low, fewer than k at least high. Minus and plus zero are neighbours here and
        // compare equal, so that the bisection ends at plus zero or at neither.
        long low = Order(float.MinValue), high = Order(float.PositiveInfinity) + 1L;
        int above = 0;
        while (high - low > 1)
        {
            int middle = (int)((low + high) >> 1);
            int found = CountAtLeast(scores, count, FromOrder(middle));
            if (found == k)
                return Collect(scores, count, FromOrder(middle), k, chosen);
            if (found > k)
                low = middle;
            else
                (high, above) = (middle, found);
        }

        return Collect(scores, count, FromOrder((int)low), k - above, chosen);
    }

    /// <summary>An integer that compares as the float does.</summary>
    private static int Order(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        return bits ^ ((bits >> 31) & int.MaxValue);
    }

    private static float FromOrder(int order) => BitConverter.Int32BitsToSingle(order ^ ((order >> 31) & int.MaxValue));

    private static int CountAtLeast(float* scores, int count, float bound)
    {
        int i = 0, found = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<int> a = Vector512<int>.Zero, b = a;
            for (; i + 32 <= count; i += 32)
            {
                a -= Vector512.GreaterThanOrEqual(Vector512.Load(scores + i), Vector512.Create(bound)).AsInt32();
                b -= Vector512.GreaterThanOrEqual(Vector512.Load(scores + i + 16), Vector512.Create(bound)).AsInt32();
            }

            found = Vector512.Sum(a + b);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Vector256<int> a = Vector256<int>.Zero;
            for (; i + 8 <= count; i += 8)
                a -= Vector256.GreaterThanOrEqual(Vector256.Load(scores + i), Vector256.Create(bound)).AsInt32();
            found = Vector256.Sum(a);
        }
        else
        {
            Vector128<int> a = Vector128<int>.Zero;
            for (; i + 4 <= count; i += 4)
                a -= Vector128.GreaterThanOrEqual(Vector128.Load(scores + i), Vector128.Create(bound)).AsInt32();
            found = Vector128.Sum(a);
        }

        for (; i < count; i++)
            found += scores[i] >= bound ? 1 : 0;
        return found;
    }

    /// <summary>
    /// Indices of scores above a bound and of the first <paramref name="ties"/> equal to it; returns their number.
    /// </summary>
    private static int Collect(float* scores, int count, float bound, int ties, int* chosen)
    {
        int written = 0, i = 0;
        for (; Vector512.IsHardwareAccelerated && i + 16 <= count; i += 16)
        {
            Vector512<float> score = Vector512.Load(scores + i);
            ulong hits = Vector512.GreaterThan(score, Vector512.Create(bound)).ExtractMostSignificantBits();
            if (ties > 0)
                hits |= First(Vector512.Equals(score, Vector512.Create(bound)).ExtractMostSignificantBits(), ref ties);
            for (; hits != 0; hits &= hits - 1)
                chosen[written++] = i + BitOperations.TrailingZeroCount(hits);
        }

        for (; i < count; i++)
        {
            if (scores[i] > bound || (scores[i] == bound && ties-- > 0))
                chosen[written++] = i;
        }

        return written;
    }

    /// <summary>The lowest bits, as many as there are ties left.</summary>
    private static ulong First(ulong equal, ref int ties)
    {
        ulong taken = 0;
        for (; equal != 0 && ties > 0; equal &= equal - 1, ties--)
            taken |= equal & (~equal + 1);
        return taken;
    }
}
