using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

// A C bool is one byte and structs are passed as they lie: nothing is marshalled on the way.
[assembly: DisableRuntimeMarshalling]

namespace Glm5.Backends.Ascend.Interop;

/// <summary>Opaque: a view of device memory as operators take it.</summary>
[CEntry("aclTensor")]
internal struct AclTensor;

/// <summary>Opaque: several views.</summary>
[CEntry("aclTensorList")]
internal struct AclTensorList;

/// <summary>Opaque: a host scalar.</summary>
[CEntry("aclScalar")]
internal struct AclScalar;

/// <summary>Opaque: host integers.</summary>
[CEntry("aclIntArray")]
internal struct AclIntArray;

/// <summary>Opaque: an operator's plan between its two phases.</summary>
[CEntry("aclOpExecutor")]
internal struct AclOpExecutor;

/// <summary>Element types that are used here.</summary>
[CEntry("aclDataType")]
internal enum AclDataType
{
    [CEntryValue("ACL_FLOAT")] Float = 0,
    [CEntryValue("ACL_INT8")] Int8 = 2,
    [CEntryValue("ACL_INT32")] Int32 = 3,
    [CEntryValue("ACL_UINT8")] UInt8 = 4,
    [CEntryValue("ACL_INT64")] Int64 = 9,
    [CEntryValue("ACL_BOOL")] Bool = 12,
    [CEntryValue("ACL_BF16")] BFloat16 = 27,
    [CEntryValue("ACL_INT4")] Int4 = 29,
}

/// <summary>Memory layouts of a tensor.</summary>
[CEntry("aclFormat")]
internal enum AclFormat
{
    /// <summary>Row by row, by strides.</summary>
    [CEntryValue("ACL_FORMAT_ND")] Nd = 2,

    /// <summary>In the tiles that cube cores read.</summary>
    [CEntryValue("ACL_FORMAT_FRACTAL_NZ")] FractalNz = 29,
}

[CEntry("aclrtMemMallocPolicy")]
internal enum AclMallocPolicy
{
    [CEntryValue("ACL_MEM_MALLOC_HUGE_FIRST")] HugeFirst = 0,
}

[CEntry("aclrtMemcpyKind")]
internal enum AclMemcpyKind
{
    [CEntryValue("ACL_MEMCPY_HOST_TO_DEVICE")] HostToDevice = 1,
    [CEntryValue("ACL_MEMCPY_DEVICE_TO_HOST")] DeviceToHost = 2,
    [CEntryValue("ACL_MEMCPY_DEVICE_TO_DEVICE")] DeviceToDevice = 3,
}

[CEntry("aclrtMemAttr")]
internal enum AclMemAttribute
{
    [CEntryValue("ACL_HBM_MEM")] Hbm = 1,
}

[CEntry("aclmdlRICaptureMode")]
internal enum AclCaptureMode
{
    /// <summary>
    /// Calls that are illegal while capturing fail on this thread alone: other ranks of the process go on.
    /// </summary>
    [CEntryValue("ACL_MODEL_RI_CAPTURE_MODE_THREAD_LOCAL")] ThreadLocal = 1,
}

[CEntry("aclSysParamOpt")]
internal enum AclSystemOption
{
    [CEntryValue("ACL_OPT_DETERMINISTIC")] Deterministic = 0,
}

[CEntry("aclCANNPackageName")]
internal enum AclPackageName
{
    [CEntryValue("ACL_PKG_NAME_CANN")] Cann = 0,
    [CEntryValue("ACL_PKG_NAME_RUNTIME")] Runtime = 1,
}

/// <summary>A package's version; texts end with a zero byte.</summary>
[CEntry("aclCANNPackageVersion")]
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct AclCannPackageVersion
{
    public fixed byte version[128];
    public fixed byte majorVersion[64];
    public fixed byte minorVersion[64];
    public fixed byte releaseVersion[64];
    public fixed byte patchVersion[64];
    public fixed byte reserved[128];
}

/// <summary>Names the C constant that an enum member stands for.</summary>
[AttributeUsage(AttributeTargets.Field)]
internal sealed class CEntryValueAttribute(string name) : Attribute
{
    /// <summary>The name in the headers.</summary>
    public string Name { get; } = name;
}
