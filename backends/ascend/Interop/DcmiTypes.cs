using System.Runtime.InteropServices;

namespace Glm5.Backends.Ascend.Interop;

/// <summary>A chip as the driver names it.</summary>
[CEntry("dcmi_chip_info_v2")]
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DcmiChipInfo
{
    public const int NameBytes = 32;

    public fixed byte chip_type[NameBytes];
    public fixed byte chip_name[NameBytes];
    public fixed byte chip_ver[NameBytes];
    public uint aicore_cnt;
    public fixed byte npu_name[NameBytes];
}

/// <summary>High-bandwidth memory of a chip; sizes in MB.</summary>
[CEntry("dcmi_hbm_info")]
[StructLayout(LayoutKind.Sequential)]
internal struct DcmiHbmInfo
{
    public ulong memory_size;
    public uint freq;
    public ulong memory_usage;
    public int temp;
    public uint bandwith_util_rate;
}
