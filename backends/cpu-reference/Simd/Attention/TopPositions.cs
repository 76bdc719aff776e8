using System.Runtime.Intrinsics;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>
/// The k largest scores without sorting: floats are mapped to integers of the same order, the k-th largest is found by
/// bisection over these integers, each step one counting pass at vector speed, and one last pass collects.
/// At most 33 passes whatever the scores are.
/// </summary>
internal static unsafe class TopPositions
{
    /// <summary>Below every score that can be chosen: NaN and −∞ are never chosen.</summary>
    private const int Never = int.MinValue;

    /// <summary>
    /// Writes the indices of the <paramref name="k"/> largest scores, ascending, ties to the lowest index, −1 behind them.
    /// Overwrites the scores.
    /// </summary>
    public static void Choose(float* scores, int count, int* chosen, int k)
    {
        int* keys = (int*)scores;
        int candidates = ToOrderedKeys(scores, count, out int least, out int largest);
        int written = candidates <= k
            ? Collect(keys, count, Never, 0, chosen)
            : CollectLargest(keys, count, k, least, largest, chosen);
        for (int i = written; i < k; i++)
            chosen[i] = -1;
    }

    private static int CollectLargest(int* keys, int count, int k, int least, int largest, int* chosen)
    {
        // At or above low are k keys or more, at or above high fewer than k.
        long low = least, high = (long)largest + 1;
        int above = 0;
        while (high - low > 1)
        {
            long middle = low + ((high - low) / 2);
            int found = CountAtLeast(keys, count, (int)middle);
            if (found == k)
                return Collect(keys, count, (int)middle - 1, 0, chosen);
            if (found > k)
                low = middle;
            else
                (high, above) = (middle, found);
        }

        return Collect(keys, count, (int)low, k - above, chosen);
    }

    /// <summary>Replaces scores by integers that compare alike, both zeros being equal. Returns how many can be chosen,
    /// and the least and largest of those.</summary>
    private static int ToOrderedKeys(float* scores, int count, out int least, out int largest)
    {
        int* keys = (int*)scores;
        (least, largest) = (int.MaxValue, Never);
        int candidates = 0;
        int i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<int> lows = Vector512.Create(int.MaxValue), highs = Vector512.Create(Never), never = Vector512<int>.Zero;
            for (; i + 16 <= count; i += 16)
            {
                // Adding zero makes −0 a +0.
                Vector512<float> score = Vector512.Load(scores + i) + Vector512<float>.Zero;
                Vector512<int> bits = score.AsInt32(), key = bits ^ ((bits >> 31) & Vector512.Create(int.MaxValue));
                Vector512<int> valid = Vector512.GreaterThan(score, Vector512.Create(float.NegativeInfinity)).AsInt32();
                never += valid;
                lows = Vector512.Min(lows, Vector512.ConditionalSelect(valid, key, Vector512.Create(int.MaxValue)));
                key = Vector512.ConditionalSelect(valid, key, Vector512.Create(Never));
                highs = Vector512.Max(highs, key);
                key.Store(keys + i);
            }

            candidates = -Vector512.Sum(never);
            for (int lane = 0; lane < 16; lane++)
                (least, largest) = (Math.Min(least, lows[lane]), Math.Max(largest, highs[lane]));
        }

        for (; i < count; i++)
        {
            int bits = BitConverter.SingleToInt32Bits(scores[i] + 0f);
            bool valid = scores[i] > float.NegativeInfinity;
            int key = valid ? bits ^ ((bits >> 31) & int.MaxValue) : Never;
            keys[i] = key;
            if (!valid)
                continue;
            candidates++;
            (least, largest) = (Math.Min(least, key), Math.Max(largest, key));
        }

        return candidates;
    }

    private static int CountAtLeast(int* keys, int count, int threshold)
    {
        int i = 0, found = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<int> bound = Vector512.Create(threshold), a = Vector512<int>.Zero, b = a;
            for (; i + 32 <= count; i += 32)
            {
                a -= Vector512.GreaterThanOrEqual(Vector512.Load(keys + i), bound);
                b -= Vector512.GreaterThanOrEqual(Vector512.Load(keys + i + 16), bound);
            }

            found = Vector512.Sum(a + b);
        }
        else
        {
            Vector128<int> bound = Vector128.Create(threshold), a = Vector128<int>.Zero, b = a;
            for (; i + 8 <= count; i += 8)
            {
                a -= Vector128.GreaterThanOrEqual(Vector128.Load(keys + i), bound);
                b -= Vector128.GreaterThanOrEqual(Vector128.Load(keys + i + 4), bound);
            }

            found = Vector128.Sum(a + b);
        }

        for (; i < count; i++)
            found += keys[i] >= threshold ? 1 : 0;
        return found;
    }

    /// <summary>Indices of keys above a bound and of the first <paramref name="ties"/> equal to it; returns their number.</summary>
    private static int Collect(int* keys, int count, int bound, int ties, int* chosen)
    {
        int written = 0, i = 0;
        for (; Vector512.IsHardwareAccelerated && i + 16 <= count; i += 16)
        {
            Vector512<int> key = Vector512.Load(keys + i);
            ulong hits = Vector512.GreaterThan(key, Vector512.Create(bound)).ExtractMostSignificantBits();
            if (ties > 0)
                hits |= FirstTies(Vector512.Equals(key, Vector512.Create(bound)).ExtractMostSignificantBits(), ref ties);
            for (; hits != 0; hits &= hits - 1)
                chosen[written++] = i + System.Numerics.BitOperations.TrailingZeroCount(hits);
        }

        for (; i < count; i++)
        {
            if (keys[i] > bound || (keys[i] == bound && ties-- > 0))
                chosen[written++] = i;
        }

        return written;
    }

    private static ulong FirstTies(ulong equal, ref int ties)
    {
        ulong taken = 0;
        for (; equal != 0 && ties > 0; equal &= equal - 1, ties--)
            taken |= equal & (~equal + 1);
        return taken;
    }
}
