using Glm5.Backends.Ascend;
using Glm5.Backends.CpuReference;
using Glm5.Backends.Cuda;
using Glm5.Backends.Simulated;
using Glm5.Core.Accelerator;
using Glm5.Core.Simulation;

namespace Glm5.Host;

/// <summary>Every backend there is. The only file that names them: a new one adds its line here.</summary>
internal static class BackendCatalog
{
    /// <summary>All backends, in the order in which they are listed to people.</summary>
    public static IReadOnlyList<Backend> All { get; } =
        [
            new AscendBackend(AscendVoice.Fused), new CudaBackend(CudaVoice.Fused), new CpuBackend(CpuVoice.Simd),
            new AscendBackend(AscendVoice.Portable), new CudaBackend(CudaVoice.Portable), new CpuBackend(CpuVoice.Oracle),
        ];

    /// <summary>What <c>--device</c> accepts; of simulated devices the forms, with N for a number.</summary>
    public static string[] DeviceNames { get; } =
        ["auto", .. All.Select(backend => backend.Name), .. SimulatedBackend.Words];

    /// <summary>What time of a simulated step goes to.</summary>
    public static IReadOnlyList<string> SimulatedKinds => SimulatedBackend.Kinds;

    /// <summary>Whether a word names devices that are not there, such as <c>sim:h200x8</c>.</summary>
    public static bool IsSimulated(string device) => device.StartsWith(SimulatedBackend.Prefix, StringComparison.Ordinal);

    /// <summary>Simulated devices.</summary>
    /// <exception cref="AcceleratorException">The word names none that is known.</exception>
    public static Backend Simulated(string device, SimulationSettings settings) => new SimulatedBackend(device, settings);

    /// <summary>
    /// Probes every backend and picks the one asked for, or with <c>auto</c> the most preferred that is present.
    /// </summary>
    public static BackendChoice Choose(string device) =>
        Choose(IsSimulated(device) ? [.. All, Simulated(device, new SimulationSettings())] : All, device);

    /// <summary>The same among given backends.</summary>
    public static BackendChoice Choose(IReadOnlyList<Backend> backends, string device)
    {
        ProbeResult[] probes = [.. backends.Select(backend => backend.Probe())];
        int chosen = -1;
        for (int b = 0; b < probes.Length; b++)
        {
            bool eligible = device == "auto" ? probes[b].IsPresent : backends[b].Name == device;
            if (eligible && (chosen < 0 || backends[b].Preference > backends[chosen].Preference))
                chosen = b;
        }

        if (chosen < 0)
        {
            throw new AcceleratorException(
                $"--device {device}: no such backend here; it takes {string.Join(", ", DeviceNames)}");
        }

        var verdicts = new BackendVerdict[probes.Length];
        for (int b = 0; b < probes.Length; b++)
        {
            string reason = probes[b].Refusal ?? WhyPresent(backends, b, chosen, device);
            verdicts[b] = new BackendVerdict(
                backends[b].Name, b == chosen && probes[b].IsPresent, reason, probes[b].Devices);
        }

        return new BackendChoice(backends[chosen], probes[chosen].Refusal, verdicts);
    }

    private static string WhyPresent(IReadOnlyList<Backend> backends, int backend, int chosen, string device)
    {
        if (device != "auto")
        {
            return backend == chosen
                ? $"asked for by --device {device}"
                : $"present, but --device {device} was asked for";
        }

        return backend == chosen ? "the best that is present" : $"present, but {backends[chosen].Name} is preferred";
    }
}

/// <summary>The backend to serve with, and what was found about each.</summary>
/// <param name="Backend">The chosen one.</param>
/// <param name="Refusal">Why the chosen one, asked for by name, cannot be used; null when it can.</param>
/// <param name="Verdicts">One for each backend of the catalog, in its order.</param>
internal sealed record BackendChoice(Backend Backend, string? Refusal, IReadOnlyList<BackendVerdict> Verdicts);

/// <summary>What probing decided about one backend.</summary>
/// <param name="Name">The backend.</param>
/// <param name="Chosen">True for the one that serves.</param>
/// <param name="Reason">Why it was chosen, or why not.</param>
/// <param name="Devices">What it found; empty when it cannot be used here.</param>
internal sealed record BackendVerdict(string Name, bool Chosen, string Reason, IReadOnlyList<Capabilities> Devices);
