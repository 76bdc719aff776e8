namespace Glm5.Backends.Ascend.Interop;

/// <summary>The ACL runtime: devices, contexts, memory, streams, capture. Status 0 is success.</summary>
internal sealed unsafe class AclRuntime(CannLibrary library)
{
    private readonly nint _init = library.Require("aclInit");
    private readonly nint _getDeviceCount = library.Require("aclrtGetDeviceCount");
    private readonly nint _getSocName = library.Require("aclrtGetSocName");
    private readonly nint _getCannVersion = library.Find("aclsysGetCANNVersion");
    private readonly nint _setDevice = library.Require("aclrtSetDevice");
    private readonly nint _resetDevice = library.Require("aclrtResetDevice");
    private readonly nint _getCurrentContext = library.Require("aclrtGetCurrentContext");
    private readonly nint _setCurrentContext = library.Require("aclrtSetCurrentContext");
    private readonly nint _setContextOption = library.Require("aclrtCtxSetSysParamOpt");
    private readonly nint _malloc = library.Require("aclrtMalloc");
    private readonly nint _free = library.Require("aclrtFree");
    private readonly nint _mallocHost = library.Require("aclrtMallocHost");
    private readonly nint _freeHost = library.Require("aclrtFreeHost");
    private readonly nint _memcpy = library.Require("aclrtMemcpy");
    private readonly nint _memcpyAsync = library.Require("aclrtMemcpyAsync");
    private readonly nint _memset = library.Require("aclrtMemset");
    private readonly nint _memsetAsync = library.Require("aclrtMemsetAsync");
    private readonly nint _getMemInfo = library.Require("aclrtGetMemInfo");
    private readonly nint _createStream = library.Require("aclrtCreateStream");
    private readonly nint _destroyStream = library.Require("aclrtDestroyStream");
    private readonly nint _synchronizeStreamWithTimeout = library.Require("aclrtSynchronizeStreamWithTimeout");
    private readonly nint _getRecentErrMsg = library.Require("aclGetRecentErrMsg");
    private readonly nint _captureBegin = library.Find("aclmdlRICaptureBegin");
    private readonly nint _captureEnd = library.Find("aclmdlRICaptureEnd");
    private readonly nint _captureExecuteAsync = library.Find("aclmdlRIExecuteAsync");
    private readonly nint _captureDestroy = library.Find("aclmdlRIDestroy");

    /// <summary>Once a process; 100002 when somebody was first.</summary>
    [CEntry("aclInit")]
    public int Init(byte* configPath) =>
        ((delegate* unmanaged<byte*, int>)_init)(configPath);

    /// <summary>Devices that ASCEND_RT_VISIBLE_DEVICES shows.</summary>
    [CEntry("aclrtGetDeviceCount")]
    public int GetDeviceCount(uint* count) =>
        ((delegate* unmanaged<uint*, int>)_getDeviceCount)(count);

    /// <summary>Static text; of the device that is set, so after <see cref="SetDevice"/>.</summary>
    [CEntry("aclrtGetSocName")]
    public byte* GetSocName() =>
        ((delegate* unmanaged<byte*>)_getSocName)();

    /// <summary>Version of a package.</summary>
    [CEntry("aclsysGetCANNVersion")]
    public int GetCannVersion(AclPackageName name, AclCannPackageVersion* version) =>
        ((delegate* unmanaged<AclPackageName, AclCannPackageVersion*, int>)_getCannVersion)(name, version);

    /// <summary>True when this CANN has <c>aclsysGetCANNVersion</c>.</summary>
    public bool HasGetCannVersion => _getCannVersion != 0;

    /// <summary>Makes a device and its default context the calling thread's.</summary>
    [CEntry("aclrtSetDevice")]
    public int SetDevice(int deviceId) =>
        ((delegate* unmanaged<int, int>)_setDevice)(deviceId);

    /// <summary>Gives the device back.</summary>
    [CEntry("aclrtResetDevice")]
    public int ResetDevice(int deviceId) =>
        ((delegate* unmanaged<int, int>)_resetDevice)(deviceId);

    /// <summary>The calling thread's context.</summary>
    [CEntry("aclrtGetCurrentContext")]
    public int GetCurrentContext(nint* context) =>
        ((delegate* unmanaged<nint*, int>)_getCurrentContext)(context);

    /// <summary>Makes a context the calling thread's.</summary>
    [CEntry("aclrtSetCurrentContext")]
    public int SetCurrentContext(nint context) =>
        ((delegate* unmanaged<nint, int>)_setCurrentContext)(context);

    /// <summary>Sets an option of the calling thread's context.</summary>
    [CEntry("aclrtCtxSetSysParamOpt")]
    public int SetContextOption(AclSystemOption opt, long value) =>
        ((delegate* unmanaged<AclSystemOption, long, int>)_setContextOption)(opt, value);

    /// <summary>Device memory.</summary>
    [CEntry("aclrtMalloc")]
    public int Malloc(void** devPtr, nuint size, AclMallocPolicy policy) =>
        ((delegate* unmanaged<void**, nuint, AclMallocPolicy, int>)_malloc)(devPtr, size, policy);

    /// <summary>Frees device memory; waits for nothing.</summary>
    [CEntry("aclrtFree")]
    public int Free(void* devPtr) =>
        ((delegate* unmanaged<void*, int>)_free)(devPtr);

    /// <summary>Pinned host memory: what asynchronous copies need.</summary>
    [CEntry("aclrtMallocHost")]
    public int MallocHost(void** hostPtr, nuint size) =>
        ((delegate* unmanaged<void**, nuint, int>)_mallocHost)(hostPtr, size);

    /// <summary>Frees pinned host memory.</summary>
    [CEntry("aclrtFreeHost")]
    public int FreeHost(void* hostPtr) =>
        ((delegate* unmanaged<void*, int>)_freeHost)(hostPtr);

    /// <summary>Copies at once, whatever the streams do.</summary>
    [CEntry("aclrtMemcpy")]
    public int Memcpy(void* dst, nuint destMax, void* src, nuint count, AclMemcpyKind kind) =>
        ((delegate* unmanaged<void*, nuint, void*, nuint, AclMemcpyKind, int>)_memcpy)(
            dst, destMax, src, count, kind);

    /// <summary>Copies in the stream's order; the host side must be pinned.</summary>
    [CEntry("aclrtMemcpyAsync")]
    public int MemcpyAsync(void* dst, nuint destMax, void* src, nuint count, AclMemcpyKind kind, nint stream) =>
        ((delegate* unmanaged<void*, nuint, void*, nuint, AclMemcpyKind, nint, int>)_memcpyAsync)(
            dst, destMax, src, count, kind, stream);

    /// <summary>Fills at once.</summary>
    [CEntry("aclrtMemset")]
    public int Memset(void* devPtr, nuint maxCount, int value, nuint count) =>
        ((delegate* unmanaged<void*, nuint, int, nuint, int>)_memset)(devPtr, maxCount, value, count);

    /// <summary>Fills in the stream's order.</summary>
    [CEntry("aclrtMemsetAsync")]
    public int MemsetAsync(void* devPtr, nuint maxCount, int value, nuint count, nint stream) =>
        ((delegate* unmanaged<void*, nuint, int, nuint, nint, int>)_memsetAsync)(
            devPtr, maxCount, value, count, stream);

    /// <summary>Free and total bytes of a kind of memory.</summary>
    [CEntry("aclrtGetMemInfo")]
    public int GetMemInfo(AclMemAttribute attr, nuint* free, nuint* total) =>
        ((delegate* unmanaged<AclMemAttribute, nuint*, nuint*, int>)_getMemInfo)(attr, free, total);

    /// <summary>A stream of the current context.</summary>
    [CEntry("aclrtCreateStream")]
    public int CreateStream(nint* stream) =>
        ((delegate* unmanaged<nint*, int>)_createStream)(stream);

    /// <summary>Ends a stream.</summary>
    [CEntry("aclrtDestroyStream")]
    public int DestroyStream(nint stream) =>
        ((delegate* unmanaged<nint, int>)_destroyStream)(stream);

    /// <summary>Waits for a stream, at most so many milliseconds.</summary>
    [CEntry("aclrtSynchronizeStreamWithTimeout")]
    public int SynchronizeStreamWithTimeout(nint stream, int timeout) =>
        ((delegate* unmanaged<nint, int, int>)_synchronizeStreamWithTimeout)(stream, timeout);

    /// <summary>The calling thread's last error in words; reading it takes it away.</summary>
    [CEntry("aclGetRecentErrMsg")]
    public byte* GetRecentErrMsg() =>
        ((delegate* unmanaged<byte*>)_getRecentErrMsg)();

    /// <summary>Records what follows on a stream in place of running it.</summary>
    [CEntry("aclmdlRICaptureBegin")]
    public int CaptureBegin(nint stream, AclCaptureMode mode) =>
        ((delegate* unmanaged<nint, AclCaptureMode, int>)_captureBegin)(stream, mode);

    /// <summary>True when this CANN has <c>aclmdlRICaptureBegin</c>.</summary>
    public bool HasCaptureBegin => _captureBegin != 0;

    /// <summary>Ends the recording, on the thread that began it.</summary>
    [CEntry("aclmdlRICaptureEnd")]
    public int CaptureEnd(nint stream, nint* modelRI) =>
        ((delegate* unmanaged<nint, nint*, int>)_captureEnd)(stream, modelRI);

    /// <summary>True when this CANN has <c>aclmdlRICaptureEnd</c>.</summary>
    public bool HasCaptureEnd => _captureEnd != 0;

    /// <summary>Runs a recording.</summary>
    [CEntry("aclmdlRIExecuteAsync")]
    public int CaptureExecuteAsync(nint modelRI, nint stream) =>
        ((delegate* unmanaged<nint, nint, int>)_captureExecuteAsync)(modelRI, stream);

    /// <summary>True when this CANN has <c>aclmdlRIExecuteAsync</c>.</summary>
    public bool HasCaptureExecuteAsync => _captureExecuteAsync != 0;

    /// <summary>Frees a recording.</summary>
    [CEntry("aclmdlRIDestroy")]
    public int CaptureDestroy(nint modelRI) =>
        ((delegate* unmanaged<nint, int>)_captureDestroy)(modelRI);

    /// <summary>True when this CANN has <c>aclmdlRIDestroy</c>.</summary>
    public bool HasCaptureDestroy => _captureDestroy != 0;
}
