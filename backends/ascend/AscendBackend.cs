using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend;

/// <summary>
/// Huawei Ascend A2 (910B) and A3 (910C), by CANN 8.1 or later: <c>ascend</c> to serve, <c>ascend-f32</c> to compare
/// with. A3 packages hold two dies, each a device and a rank of its own.
/// </summary>
public sealed class AscendBackend : Backend
{
    private readonly AscendVoice _voice;
    private readonly Lazy<CannInstallation> _cann;

    /// <summary>CANN where the environment or the installers' places have it.</summary>
    public AscendBackend(AscendVoice voice)
        : this(voice, CannPaths.FromEnvironment(Environment.GetEnvironmentVariable))
    {
    }

    /// <summary>CANN under given paths.</summary>
    internal AscendBackend(AscendVoice voice, CannPaths paths) =>
        (_voice, _cann) = (voice, new Lazy<CannInstallation>(() => CannInstallation.Open(paths)));

    /// <inheritdoc/>
    public override string Name => _voice == AscendVoice.Fused ? "ascend" : "ascend-f32";

    /// <summary>Above the processor; the F32 voice and an emulator are never chosen unasked.</summary>
    public override int Preference => _voice == AscendVoice.Fused && !_cann.Value.IsEmulated ? 100 : 1;

    /// <inheritdoc/>
    public override ProbeResult Probe() => AscendProbe.Find(_cann.Value, _voice);

    /// <inheritdoc/>
    public override IReadOnlyList<IAccelerator> Open(DeviceRequest request)
    {
        CannInstallation cann = _cann.Value;
        if (AscendProbe.Find(cann, _voice) is { Refusal: { } refusal })
            throw new AcceleratorException($"{Name}: {refusal}");
        if (request.Groups > 1)
        {
            throw new AcceleratorException(
                $"{Name}: {request.Groups} groups were asked for, and experts are not exchanged between groups of NPUs yet; "
                + "serve with --data-parallel-size 1, one program a group");
        }

        int devices = AscendProbe.Count(cann);
        if (request.Ranks > devices || request.Ranks is not (1 or 2 or 4 or 8 or 16))
        {
            throw new AcceleratorException(
                $"{Name}: {request.Ranks} ranks were asked for, one a device; {devices} devices are visible "
                + "(ASCEND_RT_VISIBLE_DEVICES), choose 1, 2, 4, 8 or 16 of them");
        }

        var group = new AscendGroup(cann, request.Ranks);
        var ranks = new List<IAccelerator>(request.Ranks);
        try
        {
            for (int rank = 0; rank < request.Ranks; rank++)
                ranks.Add(new AscendAccelerator(cann, group, rank, rank, _voice, request.ArenaBytes));
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
