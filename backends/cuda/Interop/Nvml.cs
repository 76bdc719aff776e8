namespace Glm5.Backends.Cuda.Interop;

/// <summary>
/// The management library, what of it is called: as in nvml.h. All return an nvmlReturn_t, 0 for success.
/// </summary>
internal sealed unsafe class Nvml(CudaLibrary library)
{
    private readonly nint _init = library.Require("nvmlInit_v2");
    private readonly nint _shutdown = library.Require("nvmlShutdown");
    private readonly nint _systemGetDriverVersion = library.Require("nvmlSystemGetDriverVersion");
    private readonly nint _deviceGetHandleByPciBusId = library.Require("nvmlDeviceGetHandleByPciBusId_v2");
    private readonly nint _deviceGetMigMode = library.Require("nvmlDeviceGetMigMode");

    /// <summary>First of all.</summary>
    [CEntry("nvmlInit_v2")]
    public int Init() =>
        ((delegate* unmanaged<int>)_init)();

    /// <summary>Last of all.</summary>
    [CEntry("nvmlShutdown")]
    public int Shutdown() =>
        ((delegate* unmanaged<int>)_shutdown)();

    /// <summary>The driver's version as text.</summary>
    [CEntry("nvmlSystemGetDriverVersion")]
    public int SystemGetDriverVersion(byte* version, uint length) =>
        ((delegate* unmanaged<byte*, uint, int>)_systemGetDriverVersion)(version, length);

    /// <summary>A device by its place on the bus.</summary>
    [CEntry("nvmlDeviceGetHandleByPciBusId_v2")]
    public int DeviceGetHandleByPciBusId(byte* pciBusId, nint* device) =>
        ((delegate* unmanaged<byte*, nint*, int>)_deviceGetHandleByPciBusId)(pciBusId, device);

    /// <summary>Whether it is cut into instances; 3 where it cannot be.</summary>
    [CEntry("nvmlDeviceGetMigMode")]
    public int DeviceGetMigMode(nint device, uint* currentMode, uint* pendingMode) =>
        ((delegate* unmanaged<nint, uint*, uint*, int>)_deviceGetMigMode)(device, currentMode, pendingMode);
}
