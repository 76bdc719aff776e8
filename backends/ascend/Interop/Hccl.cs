namespace Glm5.Backends.Ascend.Interop;

/// <summary>Collectives between devices.</summary>
internal sealed unsafe class Hccl(CannLibrary library)
{
    private readonly nint _getRootInfo = library.Require("HcclGetRootInfo");
    private readonly nint _commInitRootInfoConfig = library.Require("HcclCommInitRootInfoConfig");
    private readonly nint _commDestroy = library.Require("HcclCommDestroy");
    private readonly nint _allReduce = library.Require("HcclAllReduce");
    private readonly nint _allGather = library.Require("HcclAllGather");
    private readonly nint _getErrorString = library.Find("HcclGetErrorString");
    private readonly nint _getCommAsyncError = library.Find("HcclGetCommAsyncError");

    /// <summary>On rank 0: what the others join by, 4,108 bytes to be handed to them out of band.</summary>
    [CEntry("HcclGetRootInfo")]
    public HcclResult GetRootInfo(HcclRootInfo* rootInfo) =>
        ((delegate* unmanaged<HcclRootInfo*, HcclResult>)_getRootInfo)(rootInfo);

    /// <summary>Joins a group; returns when every rank has.</summary>
    [CEntry("HcclCommInitRootInfoConfig")]
    public HcclResult CommInitRootInfoConfig(uint nRanks, HcclRootInfo* rootInfo, uint rank, HcclCommConfig* config,
        nint* comm) =>
        ((delegate* unmanaged<uint, HcclRootInfo*, uint, HcclCommConfig*, nint*, HcclResult>)_commInitRootInfoConfig)(
            nRanks, rootInfo, rank, config, comm);

    /// <summary>Leaves a group.</summary>
    [CEntry("HcclCommDestroy")]
    public HcclResult CommDestroy(nint comm) =>
        ((delegate* unmanaged<nint, HcclResult>)_commDestroy)(comm);

    /// <summary>Reduces over all ranks, in the stream's order.</summary>
    [CEntry("HcclAllReduce")]
    public HcclResult AllReduce(void* sendBuf, void* recvBuf, ulong count, HcclDataType dataType, HcclReduceOp op,
        nint comm, nint stream) =>
        ((delegate* unmanaged<void*, void*, ulong, HcclDataType, HcclReduceOp, nint, nint, HcclResult>)_allReduce)(
            sendBuf, recvBuf, count, dataType, op, comm, stream);

    /// <summary>Joins what every rank sends, rank 0 first.</summary>
    [CEntry("HcclAllGather")]
    public HcclResult AllGather(void* sendBuf, void* recvBuf, ulong sendCount, HcclDataType dataType, nint comm,
        nint stream) =>
        ((delegate* unmanaged<void*, void*, ulong, HcclDataType, nint, nint, HcclResult>)_allGather)(
            sendBuf, recvBuf, sendCount, dataType, comm, stream);

    /// <summary>A result in words.</summary>
    [CEntry("HcclGetErrorString")]
    public byte* GetErrorString(HcclResult code) =>
        ((delegate* unmanaged<HcclResult, byte*>)_getErrorString)(code);

    /// <summary>True when this CANN has <c>HcclGetErrorString</c>.</summary>
    public bool HasGetErrorString => _getErrorString != 0;

    /// <summary>What a group failed of, if it did.</summary>
    [CEntry("HcclGetCommAsyncError")]
    public HcclResult GetCommAsyncError(nint comm, HcclResult* asyncError) =>
        ((delegate* unmanaged<nint, HcclResult*, HcclResult>)_getCommAsyncError)(comm, asyncError);

    /// <summary>True when this CANN has <c>HcclGetCommAsyncError</c>.</summary>
    public bool HasGetCommAsyncError => _getCommAsyncError != 0;
}
