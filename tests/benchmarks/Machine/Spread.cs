namespace Glm5.Benchmarks.Machine;

/// <summary>
/// Repeated measurements of one thing. The median is the result; the extremes say how far to trust it.
/// </summary>
internal sealed record Spread(double Min, double Median, double Max, int Samples)
{
    /// <summary>Summarises at least one sample; of an even number the median is the mean of the middle two.</summary>
    public static Spread Of(IReadOnlyCollection<double> samples)
    {
        ArgumentOutOfRangeException.ThrowIfZero(samples.Count, nameof(samples));
        double[] sorted = [.. samples.Order()];
        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(Round(sorted[0]), Round(median), Round(sorted[^1]), sorted.Length);
    }

    public override string ToString() => $"{Median:0.##} ({Min:0.##} to {Max:0.##}, n={Samples})";

    /// <summary>Four significant digits: more would be noise written down.</summary>
    private static double Round(double value) => double.Parse(value.ToString("G4"));
}
