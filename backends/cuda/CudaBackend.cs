using Glm5.Backends.Cuda.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda;

/// <summary>
/// NVIDIA GPUs from Hopper on, by a driver for CUDA 12 or later: <c>cuda</c> to serve, <c>cuda-f32</c> to compare with. Ranks
/// are threads of this process, a device each.
/// </summary>
public sealed class CudaBackend : Backend
{
    private readonly CudaVoice _voice;
    private readonly Lazy<CudaInstallation> _cuda;

    /// <summary>CUDA where the environment or the installers' places have it.</summary>
    public CudaBackend(CudaVoice voice)
        : this(voice, CudaPaths.FromEnvironment(Environment.GetEnvironmentVariable))
    {
    }

    /// <summary>CUDA under given paths.</summary>
    internal CudaBackend(CudaVoice voice, CudaPaths paths) =>
        (_voice, _cuda) = (voice, new Lazy<CudaInstallation>(() => CudaInstallation.Open(paths)));

    /// <inheritdoc/>
    public override string Name => _voice == CudaVoice.Fused ? "cuda" : "cuda-f32";

    /// <summary>Above the processor; the F32 voice and an emulator are never chosen unasked.</summary>
    public override int Preference => _voice == CudaVoice.Fused && !_cuda.Value.IsEmulated ? 90 : 1;

    /// <inheritdoc/>
    public override ProbeResult Probe() => CudaProbe.Find(_cuda.Value, _voice);

    /// <inheritdoc/>
    public override IReadOnlyList<IAccelerator> Open(DeviceRequest request)
    {
        CudaInstallation cuda = _cuda.Value;
        if (CudaProbe.Find(cuda, _voice) is { Refusal: { } refusal })
            throw new AcceleratorException($"{Name}: {refusal}");
        if (request.Groups > 1)
        {
            throw new AcceleratorException(
                $"{Name}: {request.Groups} groups were asked for, and experts are not exchanged between groups of GPUs yet; "
                + "serve with --data-parallel-size 1, one program a group");
        }

        int devices = CudaProbe.Count(cuda);
        if (request.Ranks > devices || request.Ranks is not (1 or 2 or 4 or 8))
        {
            throw new AcceleratorException(
                $"{Name}: {request.Ranks} ranks were asked for, one a device; {devices} devices are visible "
                + "(CUDA_VISIBLE_DEVICES), choose 1, 2, 4 or 8 of them");
        }

        if (request.Ranks > 1 && cuda.ExchangeLibrary.Refusal is { } missing)
            throw new AcceleratorException($"{Name}: {request.Ranks} ranks exchange by NCCL: {missing}");
        var group = new CudaGroup(cuda, request.Ranks);
        var ranks = new List<IAccelerator>(request.Ranks);
        try
        {
            for (int rank = 0; rank < request.Ranks; rank++)
                ranks.Add(new CudaAccelerator(cuda, group, rank, rank, _voice, request.ArenaBytes));
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
