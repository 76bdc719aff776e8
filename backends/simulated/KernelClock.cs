using Glm5.Core.Simulation;

namespace Glm5.Backends.Simulated;

/// <summary>
/// Adds up what a rank's kernels take: each the longest of its bytes over the memory's bandwidth, its operations over the
/// peak of their type, and the least that any kernel takes. Kernels run one behind the other.
/// </summary>
internal sealed class KernelClock(DeviceSpec spec, int ranks)
{
    private static readonly string[] s_names = Enum.GetNames<KernelKind>();

    private readonly double[] _byKind = new double[s_names.Length];
    private double _seconds;
    private int _kernels;

    /// <summary>Names of the kinds of work.</summary>
    public static IReadOnlyList<string> Names => s_names;

    /// <summary>A kernel in BF16 arithmetic or in none.</summary>
    public void Kernel(KernelKind kind, double bytes, double flops = 0) => Charge(kind, bytes, flops / spec.Bf16Flops);

    /// <summary>A kernel on eight-bit inputs.</summary>
    public void EightBitKernel(KernelKind kind, double bytes, double flops) =>
        Charge(kind, bytes, flops / spec.EightBitFlops);

    /// <summary>
    /// A sum over ranks of so many bytes on each: every byte leaves a rank once to be added and once as part of the sum.
    /// </summary>
    public void AllReduce(double bytes) => Exchange(2 * bytes);

    /// <summary>Every rank receives the others' parts of so many bytes in all.</summary>
    public void AllGather(double bytes) => Exchange(bytes);

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

    private void Exchange(double bytes)
    {
        if (ranks > 1)
            Add(KernelKind.Exchange, spec.CollectiveSeconds + (bytes * (ranks - 1) / ranks / spec.LinkBandwidth));
    }

    private void Add(KernelKind kind, double seconds)
    {
        _seconds += seconds;
        _byKind[(int)kind] += seconds;
        _kernels++;
    }
}
