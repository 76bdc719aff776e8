namespace Glm5.Backends.Cuda.Interop;

/// <summary>
/// Matrix products, what of them is called: as in cublasLt.h of 12.4. All return a cublasStatus_t, 0 for success.
/// </summary>
internal sealed unsafe class CublasLt(CudaLibrary library)
{
    private readonly nint _create = library.Require("cublasLtCreate");
    private readonly nint _destroy = library.Require("cublasLtDestroy");
    private readonly nint _getVersion = library.Require("cublasLtGetVersion");
    private readonly nint _matmulDescCreate = library.Require("cublasLtMatmulDescCreate");
    private readonly nint _matmulDescDestroy = library.Require("cublasLtMatmulDescDestroy");
    private readonly nint _matmulDescSetAttribute = library.Require("cublasLtMatmulDescSetAttribute");
    private readonly nint _matrixLayoutCreate = library.Require("cublasLtMatrixLayoutCreate");
    private readonly nint _matrixLayoutDestroy = library.Require("cublasLtMatrixLayoutDestroy");
    private readonly nint _matrixLayoutSetAttribute = library.Require("cublasLtMatrixLayoutSetAttribute");
    private readonly nint _matmulPreferenceCreate = library.Require("cublasLtMatmulPreferenceCreate");
    private readonly nint _matmulPreferenceDestroy = library.Require("cublasLtMatmulPreferenceDestroy");
    private readonly nint _matmulPreferenceSetAttribute = library.Require("cublasLtMatmulPreferenceSetAttribute");
    private readonly nint _matmulAlgoGetHeuristic = library.Require("cublasLtMatmulAlgoGetHeuristic");
    private readonly nint _matmul = library.Require("cublasLtMatmul");

    /// <summary>A handle for the current context.</summary>
    [CEntry("cublasLtCreate")]
    public int Create(nint* lightHandle) =>
        ((delegate* unmanaged<nint*, int>)_create)(lightHandle);

    /// <summary>Frees it.</summary>
    [CEntry("cublasLtDestroy")]
    public int Destroy(nint lightHandle) =>
        ((delegate* unmanaged<nint, int>)_destroy)(lightHandle);

    /// <summary>Its version.</summary>
    [CEntry("cublasLtGetVersion")]
    public nuint GetVersion() =>
        ((delegate* unmanaged<nuint>)_getVersion)();

    /// <summary>How a product is computed.</summary>
    [CEntry("cublasLtMatmulDescCreate")]
    public int MatmulDescCreate(nint* matmulDesc, int computeType, int scaleType) =>
        ((delegate* unmanaged<nint*, int, int, int>)_matmulDescCreate)(matmulDesc, computeType, scaleType);

    /// <summary>Frees it.</summary>
    [CEntry("cublasLtMatmulDescDestroy")]
    public int MatmulDescDestroy(nint matmulDesc) =>
        ((delegate* unmanaged<nint, int>)_matmulDescDestroy)(matmulDesc);

    /// <summary>Sets a trait of it.</summary>
    [CEntry("cublasLtMatmulDescSetAttribute")]
    public int MatmulDescSetAttribute(nint matmulDesc, int attr, void* buf, nuint sizeInBytes) =>
        ((delegate* unmanaged<nint, int, void*, nuint, int>)
            _matmulDescSetAttribute)(matmulDesc, attr, buf, sizeInBytes);

    /// <summary>A matrix, column by column.</summary>
    [CEntry("cublasLtMatrixLayoutCreate")]
    public int MatrixLayoutCreate(nint* matLayout, int type, ulong rows, ulong cols, long ld) =>
        ((delegate* unmanaged<nint*, int, ulong, ulong, long, int>)
            _matrixLayoutCreate)(matLayout, type, rows, cols, ld);

    /// <summary>Frees it.</summary>
    [CEntry("cublasLtMatrixLayoutDestroy")]
    public int MatrixLayoutDestroy(nint matLayout) =>
        ((delegate* unmanaged<nint, int>)_matrixLayoutDestroy)(matLayout);

    /// <summary>Sets a trait of it.</summary>
    [CEntry("cublasLtMatrixLayoutSetAttribute")]
    public int MatrixLayoutSetAttribute(nint matLayout, int attr, void* buf, nuint sizeInBytes) =>
        ((delegate* unmanaged<nint, int, void*, nuint, int>)
            _matrixLayoutSetAttribute)(matLayout, attr, buf, sizeInBytes);

    /// <summary>What an algorithm may use.</summary>
    [CEntry("cublasLtMatmulPreferenceCreate")]
    public int MatmulPreferenceCreate(nint* pref) =>
        ((delegate* unmanaged<nint*, int>)_matmulPreferenceCreate)(pref);

    /// <summary>Frees it.</summary>
    [CEntry("cublasLtMatmulPreferenceDestroy")]
    public int MatmulPreferenceDestroy(nint pref) =>
        ((delegate* unmanaged<nint, int>)_matmulPreferenceDestroy)(pref);

    /// <summary>Sets a trait of it.</summary>
    [CEntry("cublasLtMatmulPreferenceSetAttribute")]
    public int MatmulPreferenceSetAttribute(nint pref, int attr, void* buf, nuint sizeInBytes) =>
        ((delegate* unmanaged<nint, int, void*, nuint, int>)
            _matmulPreferenceSetAttribute)(pref, attr, buf, sizeInBytes);

    /// <summary>Algorithms for a product, the best first.</summary>
    [CEntry("cublasLtMatmulAlgoGetHeuristic")]
    public int MatmulAlgoGetHeuristic(
        nint lightHandle, nint operationDesc, nint Adesc, nint Bdesc, nint Cdesc, nint Ddesc, nint preference, int
            requestedAlgoCount, LtHeuristicResult* heuristicResultsArray, int* returnAlgoCount) =>
        ((delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint, int, LtHeuristicResult*, int*, int>)
            _matmulAlgoGetHeuristic)(lightHandle, operationDesc, Adesc, Bdesc, Cdesc, Ddesc, preference,
                requestedAlgoCount, heuristicResultsArray, returnAlgoCount);

    /// <summary>D = alpha · op(A) · op(B) + beta · C.</summary>
    [CEntry("cublasLtMatmul")]
    public int Matmul(
        nint lightHandle, nint computeDesc, void* alpha, nint A, nint Adesc, nint B, nint Bdesc, void* beta, nint
            C, nint Cdesc, nint D, nint Ddesc, LtAlgorithm* algo, nint workspace, nuint workspaceSizeInBytes, nint
            stream) =>
        ((delegate* unmanaged<nint, nint, void*, nint, nint, nint, nint, void*, nint, nint, nint, nint,
            LtAlgorithm*, nint, nuint, nint, int>)
            _matmul)(lightHandle, computeDesc, alpha, A, Adesc, B, Bdesc, beta, C, Cdesc, D, Ddesc, algo,
                workspace, workspaceSizeInBytes, stream);
}
