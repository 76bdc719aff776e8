namespace Glm5.Tests.Unit.Sampling;

/// <summary>
/// Whether counts come from a distribution, and what a test of that would notice. The bound is five standard deviations
/// above the mean and five more: one false alarm in some millions of seeds.
/// </summary>
internal static class ChiSquare
{
    /// <summary>Cells with fewer expected draws are joined with their neighbours.</summary>
    private const double LeastExpected = 5;

    /// <summary>The statistic above which counts are said to be of another distribution.</summary>
    public static double Bound(int freedom) => freedom + (5 * Math.Sqrt(2.0 * freedom)) + 5;

    /// <summary>Of counts against probabilities; what has probability 0 must never be drawn.</summary>
    public static (double Statistic, int Freedom) Of(double[] probabilities, int[] counts)
    {
        double draws = counts.Sum(), chi = 0, expected = 0, count = 0;
        int cells = 0;
        for (int i = 0; i < probabilities.Length; i++)
        {
            if (probabilities[i] == 0)
                Assert.AreEqual(0, counts[i], $"{i} has probability 0");
            (expected, count) = (expected + (probabilities[i] * draws), count + counts[i]);
            if (expected < LeastExpected)
                continue;
            chi += (count - expected) * (count - expected) / expected;
            (expected, count) = (0, 0);
            cells++;
        }

        return (chi, Math.Max(1, cells - 1));
    }

    /// <summary>Of two samples of equal size, whether they come from one distribution.</summary>
    public static (double Statistic, int Freedom) OfTwo(int[] one, int[] other)
    {
        double chi = 0, a = 0, b = 0;
        int cells = 0;
        for (int i = 0; i < one.Length; i++)
        {
            (a, b) = (a + one[i], b + other[i]);
            if (a + b < 2 * LeastExpected)
                continue;
            chi += (a - b) * (a - b) / (a + b);
            (a, b) = (0, 0);
            cells++;
        }

        return (chi, Math.Max(1, cells - 1));
    }

    /// <summary>
    /// The probability that so many draws from <paramref name="actual"/> are told from <paramref name="assumed"/>: the
    /// statistic is then noncentral, and near enough to normal.
    /// </summary>
    public static double Power(double[] assumed, double[] actual, int draws)
    {
        int cells = assumed.Count(p => p > 0), freedom = cells - 1;
        double effect = 0;
        for (int i = 0; i < assumed.Length; i++)
            effect += assumed[i] > 0 ? (actual[i] - assumed[i]) * (actual[i] - assumed[i]) / assumed[i] : 0;
        double noncentral = draws * effect, deviation = Math.Sqrt(2 * (freedom + (2 * noncentral)));
        return NormalShareBelow((freedom + noncentral - Bound(freedom)) / deviation);
    }

    /// <summary>By the logistic curve, within a hundredth: enough for a statement of power.</summary>
    private static double NormalShareBelow(double z) => 1 / (1 + Math.Exp(-1.702 * z));
}
