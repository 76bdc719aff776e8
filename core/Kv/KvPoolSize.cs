using Glm5.Core.Accelerator;

namespace Glm5.Core.Kv;

/// <summary>
/// How many blocks the caches get, and why: printed at start, and the reason when a model is refused.
/// </summary>
/// <param name="Blocks">Blocks of each rank, block 0 included.</param>
/// <param name="BlockBytes">Bytes of one block on one rank.</param>
/// <param name="FreeBytes">What was free on a rank's device when it was decided.</param>
/// <param name="BlockSlots">Tokens in a block.</param>
public sealed record KvPoolSize(int Blocks, long BlockBytes, long FreeBytes, int BlockSlots)
{
    /// <summary>Bytes of the pool on one rank.</summary>
    public long Bytes => Blocks * BlockBytes;

    /// <summary>Tokens that all running sequences together can hold.</summary>
    public long Tokens => (Blocks - 1L) * BlockSlots;

    /// <summary>
    /// Sizes the pool: what <see cref="ModelOptions.MaxSequences"/> sequences of the longest context could use, but no
    /// more than the memory allowed, and never less than one such sequence. A size that was asked for is taken whole
    /// when there are prefixes to keep.
    /// </summary>
    /// <exception cref="DeviceMemoryException">Not even one sequence fits; names the length that would.</exception>
    public static KvPoolSize Decide(ModelOptions options, IAccelerator accelerator, KvSpec spec, int contextLength)
    {
        long free = accelerator.Memory.FreeBytes / (accelerator.Capabilities.SharesMemory ? options.Ranks : 1);
        long allowed = options.KvBytes > 0 ? options.KvBytes / options.Ranks : (long)(free * options.KvMemoryFraction);
        long blockBytes = accelerator.KvBlockBytes(spec);
        long perSequence = (contextLength + spec.BlockSlots - 1) / spec.BlockSlots;
        long affordable = Math.Min(allowed, free) / blockBytes;
        if (affordable < perSequence + 1)
            throw TooSmall(contextLength, (perSequence + 1) * blockBytes, allowed, free, (affordable - 1) * spec.BlockSlots);
        bool keepsPrefixes = options is { KvBytes: > 0, PrefixCaching: true };
        long blocks = keepsPrefixes ? affordable : Math.Min(affordable, (options.MaxSequences * perSequence) + 1);
        return new KvPoolSize((int)Math.Min(blocks, int.MaxValue / spec.BlockSlots), blockBytes, free, spec.BlockSlots);
    }

    private static DeviceMemoryException TooSmall(int context, long needed, long allowed, long free, long fits) => new(
        $"the KV cache of one sequence of {context:N0} tokens needs {Gigabytes(needed)} on each rank, {Gigabytes(allowed)} are allowed "
        + $"and {Gigabytes(free)} are free; "
        + (fits > 0 ? $"--max-model-len {fits} would fit, or allow more with --kv-cache-memory-bytes" : "use a machine with more memory"));

    private static string Gigabytes(long bytes) => $"{bytes / 1e9:F2} GB";
}
