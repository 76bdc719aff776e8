namespace Glm5.Core.Simulation;

/// <summary>
/// What simulated devices say their work would have taken. Each rank writes its own line when it has finished a step;
/// the runner reads all of them between two steps.
/// </summary>
/// <param name="kinds">Names of what time is spent on, in the order of the ranks' figures.</param>
public sealed class DeviceTimes(IReadOnlyList<string> kinds)
{
    private readonly double[] _byKind = new double[kinds.Count];
    private double[] _steps = [];

    /// <summary>Names of what time is spent on.</summary>
    public IReadOnlyList<string> Kinds { get; } = kinds;

    /// <summary>Seconds of rank 0 by kind since the beginning.</summary>
    public ReadOnlySpan<double> SecondsByKind => _byKind;

    /// <summary>Kernels and exchanges that rank 0 launched since the beginning.</summary>
    public long Kernels { get; private set; }

    /// <summary>Makes room for a group; before any rank reports.</summary>
    public void Open(int ranks) => _steps = new double[ranks];

    /// <summary>A rank has finished a step.</summary>
    /// <param name="rank">Which.</param>
    /// <param name="seconds">What the step takes it.</param>
    /// <param name="byKind">The same by kind.</param>
    /// <param name="kernels">Kernels that it launched.</param>
    public void Report(int rank, double seconds, ReadOnlySpan<double> byKind, int kernels)
    {
        _steps[rank] += seconds;
        if (rank != 0)
            return;
        Kernels += kernels;
        for (int kind = 0; kind < byKind.Length; kind++)
            _byKind[kind] += byKind[kind];
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
