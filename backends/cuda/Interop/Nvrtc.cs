namespace Glm5.Backends.Cuda.Interop;

/// <summary>
/// The run-time compiler, what of it is called: as in nvrtc.h of 12.4. All return an nvrtcResult, 0 for success.
/// </summary>
internal sealed unsafe class Nvrtc(CudaLibrary library)
{
    private readonly nint _version = library.Require("nvrtcVersion");
    private readonly nint _getErrorString = library.Require("nvrtcGetErrorString");
    private readonly nint _getNumSupportedArchs = library.Require("nvrtcGetNumSupportedArchs");
    private readonly nint _getSupportedArchs = library.Require("nvrtcGetSupportedArchs");
    private readonly nint _createProgram = library.Require("nvrtcCreateProgram");
    private readonly nint _destroyProgram = library.Require("nvrtcDestroyProgram");
    private readonly nint _compileProgram = library.Require("nvrtcCompileProgram");
    private readonly nint _getProgramLogSize = library.Require("nvrtcGetProgramLogSize");
    private readonly nint _getProgramLog = library.Require("nvrtcGetProgramLog");
    private readonly nint _getCUBINSize = library.Require("nvrtcGetCUBINSize");
    private readonly nint _getCUBIN = library.Require("nvrtcGetCUBIN");
    private readonly nint _getPTXSize = library.Require("nvrtcGetPTXSize");
    private readonly nint _getPTX = library.Require("nvrtcGetPTX");

    /// <summary>Its version.</summary>
    [CEntry("nvrtcVersion")]
    public int Version(int* major, int* minor) =>
        ((delegate* unmanaged<int*, int*, int>)_version)(major, minor);

    /// <summary>A result in words.</summary>
    [CEntry("nvrtcGetErrorString")]
    public byte* GetErrorString(int result) =>
        ((delegate* unmanaged<int, byte*>)_getErrorString)(result);

    /// <summary>How many architectures it compiles for.</summary>
    [CEntry("nvrtcGetNumSupportedArchs")]
    public int GetNumSupportedArchs(int* numArchs) =>
        ((delegate* unmanaged<int*, int>)_getNumSupportedArchs)(numArchs);

    /// <summary>Their numbers: 90 for sm_90.</summary>
    [CEntry("nvrtcGetSupportedArchs")]
    public int GetSupportedArchs(int* supportedArchs) =>
        ((delegate* unmanaged<int*, int>)_getSupportedArchs)(supportedArchs);

    /// <summary>A program from its text.</summary>
    [CEntry("nvrtcCreateProgram")]
    public int CreateProgram(
        nint* prog, byte* src, byte* name, int numHeaders, byte** headers, byte** includeNames) =>
        ((delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int>)
            _createProgram)(prog, src, name, numHeaders, headers, includeNames);

    /// <summary>Frees it.</summary>
    [CEntry("nvrtcDestroyProgram")]
    public int DestroyProgram(nint* prog) =>
        ((delegate* unmanaged<nint*, int>)_destroyProgram)(prog);

    /// <summary>Compiles it.</summary>
    [CEntry("nvrtcCompileProgram")]
    public int CompileProgram(nint prog, int numOptions, byte** options) =>
        ((delegate* unmanaged<nint, int, byte**, int>)_compileProgram)(prog, numOptions, options);

    /// <summary>Bytes of what the compiler said.</summary>
    [CEntry("nvrtcGetProgramLogSize")]
    public int GetProgramLogSize(nint prog, nuint* logSizeRet) =>
        ((delegate* unmanaged<nint, nuint*, int>)_getProgramLogSize)(prog, logSizeRet);

    /// <summary>What it said.</summary>
    [CEntry("nvrtcGetProgramLog")]
    public int GetProgramLog(nint prog, byte* log) =>
        ((delegate* unmanaged<nint, byte*, int>)_getProgramLog)(prog, log);

    /// <summary>Bytes of machine code; 0 when PTX was asked for.</summary>
    [CEntry("nvrtcGetCUBINSize")]
    public int GetCUBINSize(nint prog, nuint* cubinSizeRet) =>
        ((delegate* unmanaged<nint, nuint*, int>)_getCUBINSize)(prog, cubinSizeRet);

    /// <summary>Machine code.</summary>
    [CEntry("nvrtcGetCUBIN")]
    public int GetCUBIN(nint prog, byte* cubin) =>
        ((delegate* unmanaged<nint, byte*, int>)_getCUBIN)(prog, cubin);

    /// <summary>Bytes of PTX, the zero at its end included.</summary>
    [CEntry("nvrtcGetPTXSize")]
    public int GetPTXSize(nint prog, nuint* ptxSizeRet) =>
        ((delegate* unmanaged<nint, nuint*, int>)_getPTXSize)(prog, ptxSizeRet);

    /// <summary>PTX.</summary>
    [CEntry("nvrtcGetPTX")]
    public int GetPTX(nint prog, byte* ptx) =>
        ((delegate* unmanaged<nint, byte*, int>)_getPTX)(prog, ptx);
}
