namespace Glm5.Backends.CpuReference.Simd;

/// <summary>The largest score of a row, ties to the lowest index. Several of them: <see cref="Attention.TopPositions"/>.</summary>
internal static unsafe class TopScores
{
    // Blocks are searched for their largest by vectors; one is then searched for its place.
    private const int BlockLength = 1024;

    /// <summary>Index of the largest; NaN never wins, and 0 where nothing is above −∞.</summary>
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
        (float best, int first) = (float.NegativeInfinity, 0);
        for (int j = 0; j < width; j++)
        {
            if (scores[j] > best)
                (best, first) = (scores[j], j);
        }

        return first;
    }
}
