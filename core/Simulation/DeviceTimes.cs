namespace Glm5.Core.Simulation;

/// <summary>
/// What simulated devices say their work would have taken. Each rank writes its own line when it has finished a step;
/// the runner reads all of them between two steps.
/// </summary>
/// <param name="kinds">Names of what time is spent on, in the order of the ranks' figures.</param>
public sealed class DeviceTimes(IReadOnlyList<string> kinds)
{
    /// <summary>[ranks, kinds] seconds since the beginning.</summary>
    private double[] _byKind = [];

    /// <summary>[ranks] kernels since the beginning.</summary>
    private long[] _kernels = [];

    private double[] _steps = [];

    /// <summary>Names of what time is spent on.</summary>
    public IReadOnlyList<string> Kinds { get; } = kinds;

    /// <summary>Kernels and exchanges that a rank launched since the beginning, mean over ranks; no rank may be running.</summary>
    public double Kernels
    {
        get
        {
            double all = 0;
            foreach (long kernels in _kernels)
                all += kernels;
            return all / Math.Max(1, _kernels.Length);
        }
    }

    /// <summary>Makes room for so many ranks; before any reports.</summary>
    public void Open(int ranks) =>
        (_steps, _kernels, _byKind) = (new double[ranks], new long[ranks], new double[ranks * Kinds.Count]);

    /// <summary>A rank has finished a step.</summary>
    /// <param name="rank">Which, over all groups.</param>
    /// <param name="seconds">What the step takes it.</param>
    /// <param name="byKind">The same by kind.</param>
    /// <param name="kernels">Kernels that it launched.</param>
    public void Report(int rank, double seconds, ReadOnlySpan<double> byKind, int kernels)
    {
        _steps[rank] += seconds;
        _kernels[rank] += kernels;
        Span<double> sums = _byKind.AsSpan(rank * byKind.Length, byKind.Length);
        for (int kind = 0; kind < byKind.Length; kind++)
            sums[kind] += byKind[kind];
    }

    /// <summary>Seconds of all ranks that went to a kind since the beginning; no rank may be running.</summary>
    public double SecondsOf(int kind)
    {
        double sum = 0;
        for (int at = kind; at < _byKind.Length; at += Kinds.Count)
            sum += _byKind[at];
        return sum;
    }

    /// <summary>Seconds of the slowest rank since this was last asked; no rank may be running.</summary>
    public double TakeStep()
    {
        double slowest = 0;
        foreach (double seconds in _steps)
            slowest = Math.Max(slowest, seconds);
        Array.Clear(_steps);
        return slowest;
    }
}
