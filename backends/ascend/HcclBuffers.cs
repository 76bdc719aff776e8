using System.Globalization;

namespace Glm5.Backends.Ascend;

/// <summary>
/// The two buffers that a communicator takes in device memory when it is made, which is at the first exchange: caches that
/// were sized before have to leave room for them. As large as HCCL_BUFFSIZE says, else CANN's own default.
/// </summary>
internal static class HcclBuffers
{
    /// <summary>MB of each by default.</summary>
    public const uint Default = 200;

    private const string Variable = "HCCL_BUFFSIZE";

    /// <summary>MB of each in this process.</summary>
    public static uint Megabytes { get; } = Read(Environment.GetEnvironmentVariable(Variable));

    /// <summary>Bytes of both.</summary>
    public static long Bytes => 2L * Megabytes << 20;

    /// <summary>What a setting says: a whole number of MB from 1 on; the default for nothing and for anything else, as in HCCL.</summary>
    public static uint Read(string? setting) =>
        uint.TryParse(setting, NumberStyles.None, CultureInfo.InvariantCulture, out uint megabytes) && megabytes > 0
            ? megabytes
            : Default;

    /// <summary>
    /// MB that dispatching tokens to experts of other ranks asks of its communicator (aclnnMoeDistributeDispatch): on A3 a
    /// place for every expert's tokens of every rank, and for what comes back; on A2, within one server, for those of one rank.
    /// </summary>
    /// <param name="isA3">The generation; the layouts differ.</param>
    /// <param name="tokens">The most tokens of a rank in a step.</param>
    /// <param name="hidden">Width of a token.</param>
    /// <param name="ranks">Ranks that experts are spread over.</param>
    /// <param name="localExperts">Experts of a rank.</param>
    /// <param name="choices">Experts a token goes to, those that are shared included.</param>
    public static uint OfDispatch(bool isA3, long tokens, long hidden, long ranks, long localExperts, long choices)
    {
        const int Lane = 32, Line = 512, Header = 64, HalfBytes = 2;
        long bytes = isA3
            ? 2 * ((localExperts * tokens * ranks * Up(Up(HalfBytes * hidden, Lane) + Header, Line))
                + (choices * tokens * Up(HalfBytes * hidden, Line)))
            : 2 * ((tokens * ranks * Math.Min(localExperts, choices) * hidden * HalfBytes) + (2 << 20));
        return checked((uint)((bytes + (1 << 20) - 1) >> 20));
    }

    private static long Up(long value, long multiple) => (value + multiple - 1) / multiple * multiple;
}
