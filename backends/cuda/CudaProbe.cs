using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda;

/// <summary>Finds GPUs and says what they are. Never throws: what is missing is a sentence.</summary>
internal static unsafe class CudaProbe
{
    private const string Node = "/dev/nvidiactl";

    /// <summary>The oldest CUDA whose driver is taken.</summary>
    private const int LeastDriver = 12000;

    /// <summary>The visible devices, or why there are none.</summary>
    public static ProbeResult Find(CudaInstallation cuda, CudaVoice voice)
    {
        if (Refusal(cuda) is { } refusal)
            return new ProbeResult([], $"not available: {refusal}");
        int count = Count(cuda);
        var devices = new Capabilities[count];
        for (int d = 0; d < count; d++)
            devices[d] = Describe(cuda, voice, GpuFacts.Read(cuda, d), count);
        return new ProbeResult(devices, null);
    }

    /// <summary>Devices that CUDA_VISIBLE_DEVICES shows.</summary>
    public static int Count(CudaInstallation cuda)
    {
        int count;
        return cuda.Driver.DeviceGetCount(&count) == 0 ? count : 0;
    }

    /// <summary>Capabilities of a rank on such a device.</summary>
    public static Capabilities Describe(CudaInstallation cuda, CudaVoice voice, GpuFacts gpu, int devices) => Declared(voice) with
    {
        Device = $"{(cuda.IsEmulated ? "emulated " : "")}{gpu.Name}, {gpu.Multiprocessors} SMs, {gpu.MemoryBytes >> 30} GiB",
        Architecture = $"{gpu.Family?.Name ?? "unknown"} {gpu.Major}.{gpu.Minor}, {Software(cuda)}",
        RankCounts = RankCounts(devices),
        IsEmulated = cuda.IsEmulated,
        Fusions = voice == CudaVoice.Fused ? Verdicts(cuda) : [],
    };

    /// <summary>What is true of every device, with none at hand.</summary>
    public static Capabilities Declared(CudaVoice voice) => new()
    {
        Backend = voice == CudaVoice.Fused ? "cuda" : "cuda-f32",
        Device = "compute capability 9.0 or higher",
        Architecture = "CUDA 12 or later",
        Arithmetic = CudaArithmetic.Of(voice),
        NativeWeights = [ElementType.F32, ElementType.BF16, ElementType.F8E4M3, ElementType.I8],
        BatchInvariant = voice == CudaVoice.Portable,
        RankInvariant = false,
        CapturesGraphs = voice == CudaVoice.Fused,
        SharesMemory = false,
        BlockSlots = [64, 128, 32, 16],
        KvFormats = voice == CudaVoice.Fused ? [KvFormat.BF16, KvFormat.FP8, KvFormat.F32] : [KvFormat.F32, KvFormat.BF16, KvFormat.FP8],
        RankCounts = RankCounts(8),
    };

    private static string? Refusal(CudaInstallation cuda)
    {
        if (cuda.Refusal is { } missing)
            return File.Exists(Node) || cuda.DriverFile.Length > 0 ? missing : $"{missing}; no NVIDIA driver either ({Node} does not exist)";
        if (cuda.DriverVersion < LeastDriver)
        {
            return $"the driver runs CUDA {CudaText.Version(cuda.DriverVersion)}, {CudaText.Version(LeastDriver)} or later is needed: "
                + "update the driver";
        }

        int count = Count(cuda);
        if (count == 0)
            return $"the driver shows no device: {CudaInstallation.Visible()}";
        for (int d = 0; d < count; d++)
        {
            GpuFacts gpu = GpuFacts.Read(cuda, d);
            if (gpu.Family is null)
                return GpuFamily.Refusal(gpu.Name, gpu.Major, gpu.Minor);
            if (gpu.IsMig && !IsSliceNamed())
            {
                return $"{gpu.Name} is cut into MIG instances: switch MIG off (nvidia-smi -mig 0), or name one instance in "
                    + "CUDA_VISIBLE_DEVICES";
            }
        }

        return cuda.CompilerLibrary.Refusal;
    }

    private static bool IsSliceNamed() =>
        Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES")?.StartsWith("MIG-", StringComparison.Ordinal) == true;

    private static string Software(CudaInstallation cuda)
    {
        string driver = GpuFacts.DriverRelease(cuda) is { Length: > 0 } release ? $"driver {release} " : "driver ";
        return $"CUDA {CudaText.Version(cuda.DriverVersion)} ({driver}from {cuda.DriverFile}; compiler {cuda.CompilerLibrary.File})";
    }

    private static FusionVerdict[] Verdicts(CudaInstallation cuda) =>
    [
        new("products of many rows", $"cublasLtMatmul {Products(cuda)}", cuda.ProductsLibrary.Refusal),
        new("exchange of several ranks", $"ncclAllGather {Exchange(cuda)}", cuda.ExchangeLibrary.Refusal ?? PeerRefusal(cuda)),
    ];

    private static string Products(CudaInstallation cuda)
    {
        if (cuda.ProductsLibrary.Refusal is not null)
            return "";
        long version = (long)cuda.Products.GetVersion();
        return $"{version / 10000}.{version / 100 % 100}.{version % 100} ({cuda.ProductsLibrary.File})";
    }

    private static string Exchange(CudaInstallation cuda)
    {
        int version;
        if (cuda.ExchangeLibrary.Refusal is not null || cuda.Exchange.GetVersion(&version) != 0)
            return "";
        return $"{version / 10000}.{version / 100 % 100}.{version % 100} ({cuda.ExchangeLibrary.File})";
    }

    /// <summary>Why exchange would be slow; null where every device reads the memory of every other, or is alone.</summary>
    private static string? PeerRefusal(CudaInstallation cuda)
    {
        int count = Count(cuda);
        for (int from = 0; from < count; from++)
        {
            for (int to = 0; to < count; to++)
            {
                int device, peer, reads = 0;
                bool isAnswered = from != to && cuda.Driver.DeviceGet(&device, from) == 0 && cuda.Driver.DeviceGet(&peer, to) == 0
                    && cuda.Driver.DeviceCanAccessPeer(&reads, device, peer) == 0;
                if (isAnswered && reads == 0)
                    return $"device {from} does not read the memory of device {to}: exchange goes by way of the host; see nvidia-smi topo -m";
            }
        }

        return null;
    }

    private static int[] RankCounts(int devices)
    {
        var counts = new List<int>();
        for (int ranks = 1; ranks <= Math.Min(8, devices); ranks *= 2)
            counts.Add(ranks);
        return [.. counts];
    }
}
