using Glm5.Backends.CpuReference.Mpi;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference;

/// <summary>
/// The host's processor, always present: <c>cpu</c> to run on, <c>cpu-oracle</c> to compare with. Ranks are threads of
/// this process.
/// </summary>
public sealed class CpuBackend(CpuVoice voice) : Backend
{
    /// <inheritdoc/>
    public override string Name => NameOf(voice);

    /// <summary>Below every accelerator; the oracle below all.</summary>
    public override int Preference => voice == CpuVoice.Oracle ? 0 : 10;

    /// <inheritdoc/>
    public override ProbeResult Probe() => new([CpuDevice.Describe(voice)], null);

    /// <inheritdoc/>
    public override DeviceFootprint Footprint { get; } = new CpuFootprint();

    /// <inheritdoc/>
    public override string? ProcessRefusal => MpiLibrary.Refusal;

    /// <inheritdoc/>
    public override ProcessRanks JoinProcesses() => new MpiRanks(voice);

    /// <summary>Refuses numbers of ranks that sums do not divide by.</summary>
    internal static void CheckRanks(CpuVoice voice, int ranks)
    {
        if (ranks is not (1 or 2 or 4 or 8))
        {
            throw new AcceleratorException(
                $"{NameOf(voice)}: {ranks} ranks were asked for; sums keep the same bits with 1, 2, 4 or 8 of them, choose one");
        }
    }

    private static string NameOf(CpuVoice voice) => voice == CpuVoice.Oracle ? "cpu-oracle" : "cpu";

    /// <inheritdoc/>
    public override IReadOnlyList<IAccelerator> Open(DeviceRequest request)
    {
        CheckRanks(voice, request.Ranks);
        var ranks = new List<IAccelerator>(request.TotalRanks);
        try
        {
            foreach (CpuCollectives collectives in InProcessRanks.Of(request))
                ranks.Add(new CpuAccelerator(voice, collectives, ranks.Count, request));
            return ranks;
        }
        catch
        {
            foreach (IAccelerator opened in ranks)
                opened.Dispose();
            throw;
        }
    }
}
