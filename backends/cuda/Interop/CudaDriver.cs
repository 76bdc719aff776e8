namespace Glm5.Backends.Cuda.Interop;

/// <summary>
/// The driver API, what of it is called: names, order and widths as in cuda.h of 12.4. All return a CUresult, 0 for
/// success.
/// </summary>
internal sealed unsafe class CudaDriver(CudaLibrary library)
{
    private readonly nint _init = library.Require("cuInit");
    private readonly nint _driverGetVersion = library.Require("cuDriverGetVersion");
    private readonly nint _getErrorName = library.Require("cuGetErrorName");
    private readonly nint _getErrorString = library.Require("cuGetErrorString");
    private readonly nint _deviceGetCount = library.Require("cuDeviceGetCount");
    private readonly nint _deviceGet = library.Require("cuDeviceGet");
    private readonly nint _deviceGetName = library.Require("cuDeviceGetName");
    private readonly nint _deviceGetAttribute = library.Require("cuDeviceGetAttribute");
    private readonly nint _deviceTotalMem = library.Require("cuDeviceTotalMem_v2");
    private readonly nint _deviceGetPCIBusId = library.Require("cuDeviceGetPCIBusId");
    private readonly nint _deviceCanAccessPeer = library.Require("cuDeviceCanAccessPeer");
    private readonly nint _devicePrimaryCtxRetain = library.Require("cuDevicePrimaryCtxRetain");
    private readonly nint _devicePrimaryCtxRelease = library.Require("cuDevicePrimaryCtxRelease_v2");
    private readonly nint _ctxSetCurrent = library.Require("cuCtxSetCurrent");
    private readonly nint _memGetInfo = library.Require("cuMemGetInfo_v2");
    private readonly nint _memAlloc = library.Require("cuMemAlloc_v2");
    private readonly nint _memFree = library.Require("cuMemFree_v2");
    private readonly nint _memAllocHost = library.Require("cuMemAllocHost_v2");
    private readonly nint _memFreeHost = library.Require("cuMemFreeHost");
    private readonly nint _memcpyHtoDAsync = library.Require("cuMemcpyHtoDAsync_v2");
    private readonly nint _memcpyDtoHAsync = library.Require("cuMemcpyDtoHAsync_v2");
    private readonly nint _memcpyDtoDAsync = library.Require("cuMemcpyDtoDAsync_v2");
    private readonly nint _memsetD8Async = library.Require("cuMemsetD8Async");
    private readonly nint _streamCreate = library.Require("cuStreamCreate");
    private readonly nint _streamDestroy = library.Require("cuStreamDestroy_v2");
    private readonly nint _streamSynchronize = library.Require("cuStreamSynchronize");
    private readonly nint _streamQuery = library.Require("cuStreamQuery");
    private readonly nint _streamBeginCapture = library.Require("cuStreamBeginCapture_v2");
    private readonly nint _streamEndCapture = library.Require("cuStreamEndCapture");
    private readonly nint _graphInstantiateWithFlags = library.Require("cuGraphInstantiateWithFlags");
    private readonly nint _graphLaunch = library.Require("cuGraphLaunch");
    private readonly nint _graphExecDestroy = library.Require("cuGraphExecDestroy");
    private readonly nint _graphDestroy = library.Require("cuGraphDestroy");
    private readonly nint _eventCreate = library.Require("cuEventCreate");
    private readonly nint _eventRecord = library.Require("cuEventRecord");
    private readonly nint _eventSynchronize = library.Require("cuEventSynchronize");
    private readonly nint _eventDestroy = library.Require("cuEventDestroy_v2");
    private readonly nint _moduleLoadDataEx = library.Require("cuModuleLoadDataEx");
    private readonly nint _moduleUnload = library.Require("cuModuleUnload");
    private readonly nint _moduleGetFunction = library.Require("cuModuleGetFunction");
    private readonly nint _funcGetAttribute = library.Require("cuFuncGetAttribute");
    private readonly nint _funcSetAttribute = library.Require("cuFuncSetAttribute");
    private readonly nint _launchKernel = library.Require("cuLaunchKernel");

    /// <summary>First of all.</summary>
    [CEntry("cuInit")]
    public int Init(uint Flags) =>
        ((delegate* unmanaged<uint, int>)_init)(Flags);

    /// <summary>1000 times major plus 10 times minor of the CUDA that the driver can run.</summary>
    [CEntry("cuDriverGetVersion")]
    public int DriverGetVersion(int* driverVersion) =>
        ((delegate* unmanaged<int*, int>)_driverGetVersion)(driverVersion);

    /// <summary>The name of a result.</summary>
    [CEntry("cuGetErrorName")]
    public int GetErrorName(int error, byte** pStr) =>
        ((delegate* unmanaged<int, byte**, int>)_getErrorName)(error, pStr);

    /// <summary>Its meaning in words.</summary>
    [CEntry("cuGetErrorString")]
    public int GetErrorString(int error, byte** pStr) =>
        ((delegate* unmanaged<int, byte**, int>)_getErrorString)(error, pStr);

    /// <summary>Devices that CUDA_VISIBLE_DEVICES shows.</summary>
    [CEntry("cuDeviceGetCount")]
    public int DeviceGetCount(int* count) =>
        ((delegate* unmanaged<int*, int>)_deviceGetCount)(count);

    /// <summary>The device of an ordinal.</summary>
    [CEntry("cuDeviceGet")]
    public int DeviceGet(int* device, int ordinal) =>
        ((delegate* unmanaged<int*, int, int>)_deviceGet)(device, ordinal);

    /// <summary>Its name.</summary>
    [CEntry("cuDeviceGetName")]
    public int DeviceGetName(byte* name, int len, int dev) =>
        ((delegate* unmanaged<byte*, int, int, int>)_deviceGetName)(name, len, dev);

    /// <summary>A number of it (<see cref="DeviceAttribute"/>).</summary>
    [CEntry("cuDeviceGetAttribute")]
    public int DeviceGetAttribute(int* pi, int attrib, int dev) =>
        ((delegate* unmanaged<int*, int, int, int>)_deviceGetAttribute)(pi, attrib, dev);

    /// <summary>Its memory.</summary>
    [CEntry("cuDeviceTotalMem_v2")]
    public int DeviceTotalMem(nuint* bytes, int dev) =>
        ((delegate* unmanaged<nuint*, int, int>)_deviceTotalMem)(bytes, dev);

    /// <summary>By which NVML knows it.</summary>
    [CEntry("cuDeviceGetPCIBusId")]
    public int DeviceGetPCIBusId(byte* pciBusId, int len, int dev) =>
        ((delegate* unmanaged<byte*, int, int, int>)_deviceGetPCIBusId)(pciBusId, len, dev);

    /// <summary>Whether one device reads the memory of another.</summary>
    [CEntry("cuDeviceCanAccessPeer")]
    public int DeviceCanAccessPeer(int* canAccessPeer, int dev, int peerDev) =>
        ((delegate* unmanaged<int*, int, int, int>)_deviceCanAccessPeer)(canAccessPeer, dev, peerDev);

    /// <summary>The context that CUDA's libraries use too.</summary>
    [CEntry("cuDevicePrimaryCtxRetain")]
    public int DevicePrimaryCtxRetain(nint* pctx, int dev) =>
        ((delegate* unmanaged<nint*, int, int>)_devicePrimaryCtxRetain)(pctx, dev);

    /// <summary>Gives it back.</summary>
    [CEntry("cuDevicePrimaryCtxRelease_v2")]
    public int DevicePrimaryCtxRelease(int dev) =>
        ((delegate* unmanaged<int, int>)_devicePrimaryCtxRelease)(dev);

    /// <summary>Makes it the calling thread's.</summary>
    [CEntry("cuCtxSetCurrent")]
    public int CtxSetCurrent(nint ctx) =>
        ((delegate* unmanaged<nint, int>)_ctxSetCurrent)(ctx);

    /// <summary>Memory of the current context's device.</summary>
    [CEntry("cuMemGetInfo_v2")]
    public int MemGetInfo(nuint* free, nuint* total) =>
        ((delegate* unmanaged<nuint*, nuint*, int>)_memGetInfo)(free, total);

    /// <summary>Device memory, aligned to 256 bytes.</summary>
    [CEntry("cuMemAlloc_v2")]
    public int MemAlloc(nint* dptr, nuint bytesize) =>
        ((delegate* unmanaged<nint*, nuint, int>)_memAlloc)(dptr, bytesize);

    /// <summary>Gives it back; waits for all work.</summary>
    [CEntry("cuMemFree_v2")]
    public int MemFree(nint dptr) =>
        ((delegate* unmanaged<nint, int>)_memFree)(dptr);

    /// <summary>Page-locked host memory.</summary>
    [CEntry("cuMemAllocHost_v2")]
    public int MemAllocHost(void** pp, nuint bytesize) =>
        ((delegate* unmanaged<void**, nuint, int>)_memAllocHost)(pp, bytesize);

    /// <summary>Gives it back.</summary>
    [CEntry("cuMemFreeHost")]
    public int MemFreeHost(void* p) =>
        ((delegate* unmanaged<void*, int>)_memFreeHost)(p);

    /// <summary>Copies to the device, in the stream's order.</summary>
    [CEntry("cuMemcpyHtoDAsync_v2")]
    public int MemcpyHtoDAsync(nint dstDevice, void* srcHost, nuint ByteCount, nint hStream) =>
        ((delegate* unmanaged<nint, void*, nuint, nint, int>)
            _memcpyHtoDAsync)(dstDevice, srcHost, ByteCount, hStream);

    /// <summary>Copies to the host, in the stream's order.</summary>
    [CEntry("cuMemcpyDtoHAsync_v2")]
    public int MemcpyDtoHAsync(void* dstHost, nint srcDevice, nuint ByteCount, nint hStream) =>
        ((delegate* unmanaged<void*, nint, nuint, nint, int>)
            _memcpyDtoHAsync)(dstHost, srcDevice, ByteCount, hStream);

    /// <summary>Copies within the device.</summary>
    [CEntry("cuMemcpyDtoDAsync_v2")]
    public int MemcpyDtoDAsync(nint dstDevice, nint srcDevice, nuint ByteCount, nint hStream) =>
        ((delegate* unmanaged<nint, nint, nuint, nint, int>)
            _memcpyDtoDAsync)(dstDevice, srcDevice, ByteCount, hStream);

    /// <summary>Fills bytes.</summary>
    [CEntry("cuMemsetD8Async")]
    public int MemsetD8Async(nint dstDevice, byte uc, nuint N, nint hStream) =>
        ((delegate* unmanaged<nint, byte, nuint, nint, int>)_memsetD8Async)(dstDevice, uc, N, hStream);

    /// <summary>A stream.</summary>
    [CEntry("cuStreamCreate")]
    public int StreamCreate(nint* phStream, uint Flags) =>
        ((delegate* unmanaged<nint*, uint, int>)_streamCreate)(phStream, Flags);

    /// <summary>Ends it.</summary>
    [CEntry("cuStreamDestroy_v2")]
    public int StreamDestroy(nint hStream) =>
        ((delegate* unmanaged<nint, int>)_streamDestroy)(hStream);

    /// <summary>Waits for all its work.</summary>
    [CEntry("cuStreamSynchronize")]
    public int StreamSynchronize(nint hStream) =>
        ((delegate* unmanaged<nint, int>)_streamSynchronize)(hStream);

    /// <summary>Success when all its work is done, 600 while not.</summary>
    [CEntry("cuStreamQuery")]
    public int StreamQuery(nint hStream) =>
        ((delegate* unmanaged<nint, int>)_streamQuery)(hStream);

    /// <summary>From here on work is recorded, not run.</summary>
    [CEntry("cuStreamBeginCapture_v2")]
    public int StreamBeginCapture(nint hStream, int mode) =>
        ((delegate* unmanaged<nint, int, int>)_streamBeginCapture)(hStream, mode);

    /// <summary>Ends the recording; a null graph when it was spoilt.</summary>
    [CEntry("cuStreamEndCapture")]
    public int StreamEndCapture(nint hStream, nint* phGraph) =>
        ((delegate* unmanaged<nint, nint*, int>)_streamEndCapture)(hStream, phGraph);

    /// <summary>Makes a recording ready to run.</summary>
    [CEntry("cuGraphInstantiateWithFlags")]
    public int GraphInstantiateWithFlags(nint* phGraphExec, nint hGraph, ulong flags) =>
        ((delegate* unmanaged<nint*, nint, ulong, int>)_graphInstantiateWithFlags)(phGraphExec, hGraph, flags);

    /// <summary>Runs it.</summary>
    [CEntry("cuGraphLaunch")]
    public int GraphLaunch(nint hGraphExec, nint hStream) =>
        ((delegate* unmanaged<nint, nint, int>)_graphLaunch)(hGraphExec, hStream);

    /// <summary>Frees what runs.</summary>
    [CEntry("cuGraphExecDestroy")]
    public int GraphExecDestroy(nint hGraphExec) =>
        ((delegate* unmanaged<nint, int>)_graphExecDestroy)(hGraphExec);

    /// <summary>Frees the recording.</summary>
    [CEntry("cuGraphDestroy")]
    public int GraphDestroy(nint hGraph) =>
        ((delegate* unmanaged<nint, int>)_graphDestroy)(hGraph);

    /// <summary>A point in a stream.</summary>
    [CEntry("cuEventCreate")]
    public int EventCreate(nint* phEvent, uint Flags) =>
        ((delegate* unmanaged<nint*, uint, int>)_eventCreate)(phEvent, Flags);

    /// <summary>Sets it behind the work given so far.</summary>
    [CEntry("cuEventRecord")]
    public int EventRecord(nint hEvent, nint hStream) =>
        ((delegate* unmanaged<nint, nint, int>)_eventRecord)(hEvent, hStream);

    /// <summary>Waits until it is reached.</summary>
    [CEntry("cuEventSynchronize")]
    public int EventSynchronize(nint hEvent) =>
        ((delegate* unmanaged<nint, int>)_eventSynchronize)(hEvent);

    /// <summary>Frees it.</summary>
    [CEntry("cuEventDestroy_v2")]
    public int EventDestroy(nint hEvent) =>
        ((delegate* unmanaged<nint, int>)_eventDestroy)(hEvent);

    /// <summary>Loads a cubin, or PTX that ends with a zero byte.</summary>
    [CEntry("cuModuleLoadDataEx")]
    public int ModuleLoadDataEx(nint* module, void* image, uint numOptions, int* options, void** optionValues) =>
        ((delegate* unmanaged<nint*, void*, uint, int*, void**, int>)
            _moduleLoadDataEx)(module, image, numOptions, options, optionValues);

    /// <summary>Frees it.</summary>
    [CEntry("cuModuleUnload")]
    public int ModuleUnload(nint hmod) =>
        ((delegate* unmanaged<nint, int>)_moduleUnload)(hmod);

    /// <summary>A kernel of a module.</summary>
    [CEntry("cuModuleGetFunction")]
    public int ModuleGetFunction(nint* hfunc, nint hmod, byte* name) =>
        ((delegate* unmanaged<nint*, nint, byte*, int>)_moduleGetFunction)(hfunc, hmod, name);

    /// <summary>A number of a kernel (<see cref="KernelAttribute"/>).</summary>
    [CEntry("cuFuncGetAttribute")]
    public int FuncGetAttribute(int* pi, int attrib, nint hfunc) =>
        ((delegate* unmanaged<int*, int, nint, int>)_funcGetAttribute)(pi, attrib, hfunc);

    /// <summary>Lets a kernel have more shared memory than 48 KB.</summary>
    [CEntry("cuFuncSetAttribute")]
    public int FuncSetAttribute(nint hfunc, int attrib, int value) =>
        ((delegate* unmanaged<nint, int, int, int>)_funcSetAttribute)(hfunc, attrib, value);

    /// <summary>Gives a kernel to a stream.</summary>
    [CEntry("cuLaunchKernel")]
    public int LaunchKernel(
        nint f, uint gridDimX, uint gridDimY, uint gridDimZ, uint blockDimX, uint blockDimY, uint blockDimZ, uint
            sharedMemBytes, nint hStream, void** kernelParams, void** extra) =>
        ((delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int>)
            _launchKernel)(f, gridDimX, gridDimY, gridDimZ, blockDimX, blockDimY, blockDimZ, sharedMemBytes,
                hStream, kernelParams, extra);
}
