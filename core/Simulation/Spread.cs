using System.Runtime.InteropServices;

namespace Glm5.Core.Simulation;

/// <summary>Many figures in a few: seconds, all of them.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="P50">Half of them are not larger.</param>
/// <param name="P90">Nine of ten are not larger.</param>
/// <param name="P99">99 of 100 are not larger.</param>
public readonly record struct Spread(double Mean, double P50, double P90, double P99)
{
    /// <summary>The spread of some figures, which are sorted; zeros of none.</summary>
    public static Spread Of(List<double> figures)
    {
        if (figures.Count == 0)
            return default;
        Span<double> sorted = CollectionsMarshal.AsSpan(figures);
        sorted.Sort();
        double sum = 0;
        foreach (double figure in sorted)
            sum += figure;
        return new Spread(sum / sorted.Length, At(sorted, 0.5), At(sorted, 0.9), At(sorted, 0.99));
    }

    /// <summary>The smallest figure that so large a share is not above.</summary>
    private static double At(ReadOnlySpan<double> sorted, double share) =>
        sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
}
