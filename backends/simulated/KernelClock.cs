using Glm5.Core.Simulation;

namespace Glm5.Backends.Simulated;

/// <summary>
/// Adds up what a rank's kernels take: each the longest of its bytes over the memory's bandwidth, its operations over the
/// peak of their type, and the least that any kernel takes. Kernels run one behind the other.
/// </summary>
internal sealed class KernelClock(DeviceSpec spec)
{
    private static readonly string[] s_names = Enum.GetNames<KernelKind>();

    private readonly double[] _byKind = new double[s_names.Length];
    private double _seconds;
    private int _kernels;

    /// <summary>Names of the kinds of work.</summary>
    public static IReadOnlyList<string> Names => s_names;

    /// <summary>What the step has taken so far.</summary>
    public double Seconds => _seconds;

    /// <summary>A kernel in BF16 arithmetic or in none.</summary>
    public void Kernel(KernelKind kind, double bytes, double flops = 0) => Charge(kind, bytes, flops / spec.Bf16Flops);

    /// <summary>A kernel on eight-bit inputs.</summary>
    public void EightBitKernel(KernelKind kind, double bytes, double flops) =>
        Charge(kind, bytes, flops / spec.EightBitFlops);

    /// <summary>
    /// A sum over ranks of so many bytes on each: every byte leaves a rank once to be added and once as part of the sum.
    /// </summary>
    public void AllReduce(double bytes, int ranks) => Exchange(2 * bytes * (ranks - 1) / ranks, ranks);

    /// <summary>Every rank receives the others' parts of so many bytes in all.</summary>
    public void AllGather(double bytes, int ranks) => Exchange(bytes * (ranks - 1) / ranks, ranks);

    /// <summary>So many bytes cross this rank's link in the direction that carries more.</summary>
    public void Exchange(double bytes, int ranks)
    {
        if (ranks > 1)
            Add(KernelKind.Exchange, spec.CollectiveSeconds + (bytes / spec.LinkBandwidth));
    }

    /// <summary>So many bytes go to the host or come from there.</summary>
    public void HostCopy(double bytes) =>
        Add(KernelKind.HostCopies, Math.Max(bytes / spec.HostBandwidth, spec.KernelSeconds));

    /// <summary>Peers come so late in the step.</summary>
    public void WaitUntil(double seconds)
    {
        double waited = seconds - _seconds;
        if (waited <= 0)
            return;
        _seconds += waited;
        _byKind[(int)KernelKind.Waiting] += waited;
    }

    /// <summary>Hands the step's figures over and starts from zero; returns its seconds.</summary>
    public double EndStep(DeviceTimes? times, int rank)
    {
        double seconds = _seconds;
        times?.Report(rank, seconds, _byKind, _kernels);
        Array.Clear(_byKind);
        (_seconds, _kernels) = (0, 0);
        return seconds;
    }

    private void Charge(KernelKind kind, double bytes, double computing) => Add(
        kind, Math.Max(Math.Max(bytes / spec.MemoryBandwidth, computing), spec.KernelSeconds));

    private void Add(KernelKind kind, double seconds)
    {
        _seconds += seconds;
        _byKind[(int)kind] += seconds;
        _kernels++;
    }
}
