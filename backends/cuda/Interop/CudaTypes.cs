using System.Runtime.InteropServices;

namespace Glm5.Backends.Cuda.Interop;

/// <summary>CUdevice_attribute.</summary>
internal static class DeviceAttribute
{
    public const int MultiprocessorCount = 16, L2CacheSize = 38, CapabilityMajor = 75, CapabilityMinor = 76,
        SharedMemoryPerBlock = 97;
}

/// <summary>CUfunction_attribute.</summary>
internal static class KernelAttribute
{
    public const int LocalBytes = 3, Registers = 4, MaxDynamicShared = 8;
}

/// <summary>Flags and modes of streams and events.</summary>
internal static class StreamFlags
{
    /// <summary>CU_STREAM_NON_BLOCKING: no order with the legacy default stream.</summary>
    public const uint NonBlocking = 1;

    /// <summary>CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: other threads may allocate while this one captures.</summary>
    public const int CaptureThreadLocal = 1;

    /// <summary>CU_EVENT_DISABLE_TIMING: an event that is only waited for.</summary>
    public const uint UntimedEvent = 2;
}

/// <summary>Enumerations of cuBLASLt.</summary>
internal static class Lt
{
    public const int R32F = 0, R16BF = 14, Compute32F = 68, Transpose = 1;

    public const int TransposeA = 3, TransposeB = 4, BatchCount = 5, StridedBatchOffset = 6;

    public const int MaxWorkspaceBytes = 1, MinAlignmentA = 5, MinAlignmentB = 6, MinAlignmentC = 7, MinAlignmentD = 8;
}

/// <summary>cublasLtMatmulAlgo_t: opaque.</summary>
internal unsafe struct LtAlgorithm
{
    /// <summary>The library's own.</summary>
    public fixed ulong Words[8];
}

/// <summary>cublasLtMatmulHeuristicResult_t.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LtHeuristicResult
{
    public LtAlgorithm Algorithm;

    /// <summary>Bytes of workspace it needs.</summary>
    public nuint WorkspaceSize;

    /// <summary>Success when it can be used.</summary>
    public int State;

    public float WavesCount;

    public int Reserved0, Reserved1, Reserved2, Reserved3;
}

/// <summary>ncclUniqueId: 128 opaque bytes, passed by value.</summary>
internal unsafe struct NcclUniqueId
{
    public const int Length = 128;

    /// <summary>NCCL's own.</summary>
    public fixed byte Internal[Length];
}

/// <summary>Enumerations of NCCL.</summary>
internal static class NcclType
{
    public const int Float32 = 7;

    /// <summary>ncclInProgress: nothing failed.</summary>
    public const int InProgress = 7;
}
