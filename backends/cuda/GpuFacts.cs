using Glm5.Backends.Cuda.Interop;

namespace Glm5.Backends.Cuda;

/// <summary>What a device says of itself.</summary>
internal sealed unsafe record GpuFacts
{
    private const int NameLength = 128;

    /// <summary>Its name: <c>NVIDIA H200</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Compute capability.</summary>
    public required int Major { get; init; }

    /// <inheritdoc cref="Major"/>
    public required int Minor { get; init; }

    /// <summary>Streaming multiprocessors.</summary>
    public required int Multiprocessors { get; init; }

    /// <summary>Bytes of shared memory that a block can ask for.</summary>
    public required int SharedPerBlock { get; init; }

    /// <summary>Its memory.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>True when it is cut into instances.</summary>
    public required bool IsMig { get; init; }

    /// <summary>What is compiled for it; null when nothing is.</summary>
    public GpuFamily? Family => GpuFamily.Of(Major, Minor);

    /// <summary>Reads what the driver knows; needs no context.</summary>
    public static GpuFacts Read(CudaInstallation cuda, int ordinal)
    {
        int device;
        byte* name = stackalloc byte[NameLength];
        nuint bytes = 0;
        _ = cuda.Driver.DeviceGet(&device, ordinal);
        _ = cuda.Driver.DeviceGetName(name, NameLength, device);
        _ = cuda.Driver.DeviceTotalMem(&bytes, device);
        return new GpuFacts
        {
            Name = CudaText.Of(name),
            Major = Attribute(cuda, device, DeviceAttribute.CapabilityMajor),
            Minor = Attribute(cuda, device, DeviceAttribute.CapabilityMinor),
            Multiprocessors = Attribute(cuda, device, DeviceAttribute.MultiprocessorCount),
            SharedPerBlock = Attribute(cuda, device, DeviceAttribute.SharedMemoryPerBlock),
            MemoryBytes = (long)bytes,
            IsMig = MigMode(cuda, device),
        };
    }

    /// <summary>The driver's release as NVML has it; empty without NVML.</summary>
    public static string DriverRelease(CudaInstallation cuda)
    {
        if (cuda.ManagementLibrary.Refusal is not null)
            return "";
        var nvml = new Nvml(cuda.ManagementLibrary);
        if (nvml.Init() != 0)
            return "";
        byte* text = stackalloc byte[NameLength];
        string release = nvml.SystemGetDriverVersion(text, NameLength) == 0 ? CudaText.Of(text) : "";
        _ = nvml.Shutdown();
        return release;
    }

    private static bool MigMode(CudaInstallation cuda, int device)
    {
        const int BusIdLength = 32;
        byte* bus = stackalloc byte[BusIdLength];
        if (cuda.ManagementLibrary.Refusal is not null || cuda.Driver.DeviceGetPCIBusId(bus, BusIdLength, device) != 0)
            return false;
        var nvml = new Nvml(cuda.ManagementLibrary);
        if (nvml.Init() != 0)
            return false;
        nint handle;
        uint current = 0, pending = 0;
        bool isMig = nvml.DeviceGetHandleByPciBusId(bus, &handle) == 0
            && nvml.DeviceGetMigMode(handle, &current, &pending) == 0 && current == 1;
        _ = nvml.Shutdown();
        return isMig;
    }

    private static int Attribute(CudaInstallation cuda, int device, int attribute)
    {
        int value = 0;
        return cuda.Driver.DeviceGetAttribute(&value, attribute, device) == 0 ? value : 0;
    }
}
