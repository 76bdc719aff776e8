using System.Runtime.InteropServices;

namespace Glm5.Backends.Ascend.Interop;

/// <summary>Results of collectives that are told apart here; others are known by their number.</summary>
[CEntry("HcclResult")]
internal enum HcclResult
{
    [CEntryValue("HCCL_SUCCESS")] Success = 0,
    [CEntryValue("HCCL_E_TIMEOUT")] Timeout = 9,
}

[CEntry("HcclDataType")]
internal enum HcclDataType
{
    [CEntryValue("HCCL_DATA_TYPE_FP32")] Float = 4,
}

[CEntry("HcclReduceOp")]
internal enum HcclReduceOp
{
    [CEntryValue("HCCL_REDUCE_SUM")] Sum = 0,
}

/// <summary>By what ranks find each other: made on rank 0, handed to the others as bytes.</summary>
[CEntry("HcclRootInfo")]
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct HcclRootInfo
{
    public const int Bytes = 4108;

    public fixed byte @internal[Bytes];
}

/// <summary>
/// Version 5 of the group's settings (CANN 8.1). It says its own size and version, and later libraries read fields up to
/// that version alone, so one layout serves all.
/// </summary>
[CEntry("HcclCommConfig@config_version_5")]
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct HcclCommConfig
{
    private const uint Magic = 0xf0f0f0f0;
    private const uint NotSet = 0xffffffff;

    public fixed byte reserved[24];
    public uint hcclBufferSize;
    public uint hcclDeterministic;
    public fixed byte hcclCommName[128];
    public fixed byte hcclUdi[128];
    public uint hcclOpExpansionMode;
    public uint hcclRdmaTrafficClass;
    public uint hcclRdmaServiceLevel;

    /// <summary>
    /// Settings of a group that sums in one order, with buffers of so many MB (each group takes two).
    /// </summary>
    public static HcclCommConfig Deterministic(uint bufferMegabytes)
    {
        HcclCommConfig config = default;
        var header = new Header(sizeof(HcclCommConfig), Magic, 5, 0);
        MemoryMarshal.Write(new Span<byte>(config.reserved, sizeof(Header)), header);
        config.hcclBufferSize = bufferMegabytes;
        config.hcclDeterministic = 1;
        (config.hcclRdmaTrafficClass, config.hcclRdmaServiceLevel) = (NotSet, NotSet);
        return config;
    }

    /// <summary>What the first 24 bytes say, in every version.</summary>
    [CEntry("HcclCommConfig_header")]
    [StructLayout(LayoutKind.Sequential)]
    internal struct Header(long size, uint magicWord, uint version, ulong reserved)
    {
        public long size = size;
        public uint magicWord = magicWord;
        public uint version = version;
        public ulong reserved = reserved;
    }
}
