namespace Glm5.Backends.Cuda.Interop;

/// <summary>
/// Exchange between devices, what of it is called: as in nccl.h of 2.19 and later. All return an ncclResult_t, 0 for
/// success.
/// </summary>
internal sealed unsafe class Nccl(CudaLibrary library)
{
    private readonly nint _getVersion = library.Require("ncclGetVersion");
    private readonly nint _getErrorString = library.Require("ncclGetErrorString");
    private readonly nint _getLastError = library.Find("ncclGetLastError");
    private readonly nint _getUniqueId = library.Require("ncclGetUniqueId");
    private readonly nint _commInitRank = library.Require("ncclCommInitRank");
    private readonly nint _commDestroy = library.Require("ncclCommDestroy");
    private readonly nint _commAbort = library.Require("ncclCommAbort");
    private readonly nint _commGetAsyncError = library.Require("ncclCommGetAsyncError");
    private readonly nint _allGather = library.Require("ncclAllGather");
    private readonly nint _send = library.Require("ncclSend");
    private readonly nint _recv = library.Require("ncclRecv");
    private readonly nint _groupStart = library.Require("ncclGroupStart");
    private readonly nint _groupEnd = library.Require("ncclGroupEnd");

    /// <summary>10000 times major plus 100 times minor plus patch.</summary>
    [CEntry("ncclGetVersion")]
    public int GetVersion(int* version) =>
        ((delegate* unmanaged<int*, int>)_getVersion)(version);

    /// <summary>A result in words.</summary>
    [CEntry("ncclGetErrorString")]
    public byte* GetErrorString(int result) =>
        ((delegate* unmanaged<int, byte*>)_getErrorString)(result);

    /// <summary>What failed last, in words.</summary>
    [CEntry("ncclGetLastError")]
    public byte* GetLastError(nint comm) =>
        ((delegate* unmanaged<nint, byte*>)_getLastError)(comm);

    /// <summary>True when the library has <c>ncclGetLastError</c>.</summary>
    public bool HasGetLastError => _getLastError != 0;

    /// <summary>What all ranks join by.</summary>
    [CEntry("ncclGetUniqueId")]
    public int GetUniqueId(NcclUniqueId* uniqueId) =>
        ((delegate* unmanaged<NcclUniqueId*, int>)_getUniqueId)(uniqueId);

    /// <summary>Joins; returns when all have.</summary>
    [CEntry("ncclCommInitRank")]
    public int CommInitRank(nint* comm, int nranks, NcclUniqueId commId, int rank) =>
        ((delegate* unmanaged<nint*, int, NcclUniqueId, int, int>)_commInitRank)(comm, nranks, commId, rank);

    /// <summary>Leaves in order.</summary>
    [CEntry("ncclCommDestroy")]
    public int CommDestroy(nint comm) =>
        ((delegate* unmanaged<nint, int>)_commDestroy)(comm);

    /// <summary>Leaves at once, whatever is under way.</summary>
    [CEntry("ncclCommAbort")]
    public int CommAbort(nint comm) =>
        ((delegate* unmanaged<nint, int>)_commAbort)(comm);

    /// <summary>Whether something failed since.</summary>
    [CEntry("ncclCommGetAsyncError")]
    public int CommGetAsyncError(nint comm, int* asyncError) =>
        ((delegate* unmanaged<nint, int*, int>)_commGetAsyncError)(comm, asyncError);

    /// <summary>Every rank gets everybody's share.</summary>
    [CEntry("ncclAllGather")]
    public int AllGather(nint sendbuff, nint recvbuff, nuint sendcount, int datatype, nint comm, nint stream) =>
        ((delegate* unmanaged<nint, nint, nuint, int, nint, nint, int>)
            _allGather)(sendbuff, recvbuff, sendcount, datatype, comm, stream);

    /// <summary>To one rank.</summary>
    [CEntry("ncclSend")]
    public int Send(nint sendbuff, nuint count, int datatype, int peer, nint comm, nint stream) =>
        ((delegate* unmanaged<nint, nuint, int, int, nint, nint, int>)
            _send)(sendbuff, count, datatype, peer, comm, stream);

    /// <summary>From one rank.</summary>
    [CEntry("ncclRecv")]
    public int Recv(nint recvbuff, nuint count, int datatype, int peer, nint comm, nint stream) =>
        ((delegate* unmanaged<nint, nuint, int, int, nint, nint, int>)
            _recv)(recvbuff, count, datatype, peer, comm, stream);

    /// <summary>What follows happens together.</summary>
    [CEntry("ncclGroupStart")]
    public int GroupStart() =>
        ((delegate* unmanaged<int>)_groupStart)();

    /// <summary>Begins what was grouped.</summary>
    [CEntry("ncclGroupEnd")]
    public int GroupEnd() =>
        ((delegate* unmanaged<int>)_groupEnd)();
}
