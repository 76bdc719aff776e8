using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference;

/// <summary>
/// The host's processor, always present: <c>cpu</c> to run on, <c>cpu-oracle</c> to compare with. Ranks are threads of
/// this process.
/// </summary>
public sealed class CpuBackend(CpuVoice voice) : Backend
{
    /// <inheritdoc/>
    public override string Name => voice == CpuVoice.Oracle ? "cpu-oracle" : "cpu";

    /// <summary>Below every accelerator; the oracle below all.</summary>
    public override int Preference => voice == CpuVoice.Oracle ? 0 : 10;

    /// <inheritdoc/>
    public override ProbeResult Probe() => new([CpuDevice.Describe(voice)], null);

    /// <inheritdoc/>
    public override DeviceFootprint Footprint { get; } = new CpuFootprint();

    /// <inheritdoc/>
    public override IReadOnlyList<IAccelerator> Open(DeviceRequest request)
    {
        if (request.Ranks is not (1 or 2 or 4 or 8))
        {
            throw new AcceleratorException(
                $"{Name}: {request.Ranks} ranks were asked for; sums keep the same bits with 1, 2, 4 or 8 of them, choose one");
        }

        var group = new CpuGroup(request.Ranks);
        var ranks = new List<IAccelerator>(request.Ranks);
        try
        {
            for (int rank = 0; rank < request.Ranks; rank++)
                ranks.Add(new CpuAccelerator(voice, group, rank, request));
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
