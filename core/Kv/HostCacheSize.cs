namespace Glm5.Core.Kv;

/// <summary>The host tier of the prefix cache on every rank; nothing by default.</summary>
/// <param name="Blocks">Blocks that fit.</param>
/// <param name="MovesPerStep">
/// The most blocks that a step copies to the host, and the most that it brings back while others decode.
/// </param>
public readonly record struct HostCacheSize(int Blocks, int MovesPerStep)
{
    /// <summary>
    /// Bytes that a rank copies in a step, each way: a few milliseconds of any host's memory, and for GLM-5 more tokens
    /// than a step could compute.
    /// </summary>
    private const long BytesPerStep = 64 << 20;

    /// <summary>The tier that fits into <paramref name="bytes"/> of each rank.</summary>
    public static HostCacheSize Of(long bytes, long blockBytes) => new(
        (int)Math.Min(bytes / blockBytes, int.MaxValue / 2), (int)Math.Clamp(BytesPerStep / blockBytes, 1, int.MaxValue / 4));
}

/// <summary>A moment of the host tier.</summary>
/// <param name="Blocks">Blocks that fit.</param>
/// <param name="Used">Blocks it holds.</param>
/// <param name="Kept">Blocks copied to the host since the start.</param>
/// <param name="Recalled">Blocks brought back since the start.</param>
/// <param name="Lost">Published blocks that were taken for other rows before a step had time to copy them.</param>
public readonly record struct HostCacheStatus(int Blocks, int Used, long Kept, long Recalled, long Lost)
{
    /// <summary>Of two groups together.</summary>
    public static HostCacheStatus operator +(HostCacheStatus one, HostCacheStatus other) => new(
        one.Blocks + other.Blocks, one.Used + other.Used, one.Kept + other.Kept, one.Recalled + other.Recalled,
        one.Lost + other.Lost);
}
