namespace Glm5.Backends.Cuda.Interop;

/// <summary>CUresult values that are treated apart.</summary>
internal static class CudaCodes
{
    public const int InvalidValue = 1, OutOfMemory = 2, NoDevice = 100, NoBinaryForGpu = 209, EccUncorrectable = 214,
        NvlinkUncorrectable = 220, UnsupportedPtxVersion = 222, NotReady = 600, IllegalAddress = 700,
            LaunchTimeout = 702,
        LaunchFailed = 719, SystemDriverMismatch = 803;

    /// <summary>What can be done about a result other than success.</summary>
    public static Recovery RecoveryOf(int result) => result switch
    {
        OutOfMemory or 46 or 802 or 805 or 807 or 909 => Recovery.Retry,

        // Memory or a link that corrects no more, a device that is gone (45 and 46 are of the driver's own making).
        EccUncorrectable or NvlinkUncorrectable or NoDevice or 999 or 714 => Recovery.ReplaceDevice,

        // A kernel's fault leaves the context unusable: every later call says the same.
        >= IllegalAddress and <= LaunchTimeout or (>= 709 and <= 719) => Recovery.RestartRank,
        _ => Recovery.Refused,
    };

    /// <summary>Advice in words.</summary>
    public static string Advice(Recovery recovery) => recovery switch
    {
        Recovery.Retry => "the same may succeed later",
        Recovery.RestartRank => "the context is lost: end this process and start its group again",
        Recovery.ReplaceDevice =>
            "the device has to be reset or replaced; see nvidia-smi -q and the kernel's log for an Xid",
        _ => "nothing ran",
    };
}
