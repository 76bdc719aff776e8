namespace Glm5.Backends.CpuReference.Simd;

/// <summary>
/// The largest scores of a row: ties to the lowest index, NaN and −∞ never. Scores are compared as unsigned keys of the
/// same order, so that a bound can be found by counting the keys' leading bits, in three passes whatever k is.
/// </summary>
internal static unsafe class TopScores
{
    private const int HighShift = 21, MiddleShift = 10;
    private const int Buckets = 1 << 11;
    private const uint Never = 0;

    // Blocks are searched for their largest by vectors; one is then searched for its place.
    private const int BlockLength = 1024;

    /// <summary>Ascending indices of the <paramref name="k"/> largest, −1 behind them.</summary>
    public static void Select(float* scores, long width, int* chosen, int k)
    {
        if (k <= 0)
            return;
        (uint bound, int atBound) = Bound(scores, width, k);
        int count = 0;
        for (int j = 0; j < width && count < k; j++)
        {
            uint key = Key(scores[j]);
            if (key < bound || key == Never || (key == bound && atBound-- <= 0))
                continue;
            chosen[count++] = j;
        }

        new Span<int>(chosen + count, k - count).Fill(-1);
    }

    /// <summary>Index of the largest; 0 where the first is NaN, as a comparison from the front has it.</summary>
    public static int First(float* scores, long width)
    {
        (float best, long block) = (float.NegativeInfinity, 0);
        for (long j = 0; j < width; j += BlockLength)
        {
            float most = Reductions.Max(scores + j, Math.Min(BlockLength, width - j));
            if (float.IsNaN(most))
                return FirstAmongNaN(scores, width);
            if (most > best)
                (best, block) = (most, j);
        }

        for (long j = block; j < width; j++)
        {
            if (scores[j] == best)
                return (int)j;
        }

        return 0;
    }

    private static int FirstAmongNaN(float* scores, long width)
    {
        int best = 0;
        for (int j = 1; j < width; j++)
        {
            if (scores[j] > scores[best])
                best = j;
        }

        return best;
    }

    /// <summary>The k-th largest key, and how many equal ones belong to the k largest; 0 where fewer than k can be chosen.</summary>
    private static (uint Bound, int AtBound) Bound(float* scores, long width, int k)
    {
        int* counts = stackalloc int[Buckets];
        uint prefix = 0;
        int left = k;
        for (int shift = HighShift; ; shift = shift == HighShift ? MiddleShift : 0)
        {
            int bits = shift == 0 ? MiddleShift : 32 - HighShift;
            Count(scores, width, prefix, shift, bits, counts);
            int bucket = (1 << bits) - 1;
            while (bucket > 0 && counts[bucket] < left)
                left -= counts[bucket--];
            prefix = (prefix << bits) | (uint)bucket;
            if (shift == 0)
                return (prefix, left);
        }
    }

    /// <summary>Counts the keys that begin with a prefix by the <paramref name="bits"/> bits behind it.</summary>
    private static void Count(float* scores, long width, uint prefix, int shift, int bits, int* counts)
    {
        new Span<int>(counts, 1 << bits).Clear();
        uint mask = (1u << bits) - 1;
        for (long j = 0; j < width; j++)
        {
            uint key = Key(scores[j]) >> shift;
            if (shift == HighShift || key >> bits == prefix)
                counts[key & mask]++;
        }
    }

    /// <summary>Keys ascend as scores do; both zeros are one score.</summary>
    private static uint Key(float score)
    {
        if (!(score > float.NegativeInfinity))
            return Never;
        uint bits = BitConverter.SingleToUInt32Bits(score + 0f);
        return (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
    }
}
