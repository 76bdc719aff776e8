namespace Glm5.Backends.Ascend.Interop;

/// <summary>
/// What CANN's status codes mean, and what can be done about each (docs: error codes of the runtime and of aclnn).
/// </summary>
internal static partial class CannCodes
{
    /// <summary>Somebody in this process called aclInit before.</summary>
    public const int RepeatedInit = 100002;

    /// <summary>Waiting for a stream took longer than was allowed; its work goes on.</summary>
    public const int StreamSyncTimeout = 507046;

    /// <summary>Fewer bytes were free than asked for.</summary>
    public const int OutOfMemory = 207001;

    /// <summary>The same, reported by the device.</summary>
    public const int DeviceOutOfMemory = 207018;

    /// <summary>Codes after which a context computes nothing more.</summary>
    private static readonly int[] s_fatal =
    [
        107020, 107022, 507001, 507010, 507011, 507014, 507015, 507016, 507017, 507018, 507034, 507035, 507036, 507042, 507043,
        507044, 507045, 507899, 507901,
    ];

    /// <summary>Codes that say the device itself, or what links it, is broken.</summary>
    private static readonly int[] s_broken = [507053, 507054, 507055, 507056, 507057];

    /// <summary>Codes after which the same call may succeed.</summary>
    private static readonly int[] s_passing =
        [107019, 200000, OutOfMemory, 207005, 207007, 207008, 207014, DeviceOutOfMemory, 207020, 507012, StreamSyncTimeout, 507047, 507904];

    /// <summary>
    /// The code's name and meaning: <c>ACL_ERROR_RT_AICORE_EXCEPTION, cube kernel fault, often a bad address</c>.
    /// </summary>
    public static string Describe(int code)
    {
        foreach ((int value, string name, string meaning) in code is >= 161000 and < 162000 or 361001 or >= 561000 and < 562000 ? s_operators : s_runtime)
        {
            if (value == code)
                return $"{name}, {meaning}";
        }

        return "a code that the headers do not list";
    }

    /// <summary>What can be done about a code.</summary>
    public static Recovery RecoveryOf(int code)
    {
        if (Array.IndexOf(s_broken, code) >= 0)
            return Recovery.ReplaceDevice;
        if (Array.IndexOf(s_fatal, code) >= 0)
            return Recovery.RestartRank;
        return Array.IndexOf(s_passing, code) >= 0 ? Recovery.Retry : Recovery.Refused;
    }

    /// <summary>What can be done about a collective's result.</summary>
    public static Recovery RecoveryOf(HcclResult result) =>
        (int)result is 1 or 2 or 5 or 6 ? Recovery.Refused : Recovery.RestartRank;

    /// <summary>The same as advice.</summary>
    public static string Advice(Recovery recovery) => recovery switch
    {
        Recovery.Retry => "free memory or streams, or try again",
        Recovery.RestartRank => "the context is lost: restart the server on this device",
        Recovery.ReplaceDevice => "the device or its link is broken: take another device and have this one looked at",
        _ => "the call was refused, the device is as before",
    };
}
