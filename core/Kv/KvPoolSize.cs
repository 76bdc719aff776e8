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
    /// more than the memory allowed, and never less than one such sequence. A size that was asked for, and what is left on
    /// a device with memory of its own, is taken whole when there are prefixes to keep.
    /// </summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="accelerator">Any rank's device.</param>
    /// <param name="spec">The caches' shape.</param>
    /// <param name="contextLength">The longest sequence.</param>
    /// <param name="weightBytes">Bytes of the same memory, over all ranks, that the weights will take or hold only as
    /// cached file contents, which count as free, and those of copies of blocks on the host.</param>
    /// <exception cref="DeviceMemoryException">Not even one sequence fits; names the length that would.</exception>
    public static KvPoolSize Decide(
        ModelOptions options, IAccelerator accelerator, KvSpec spec, int contextLength, long weightBytes)
    {
        long free = accelerator.Memory.FreeBytes / (accelerator.Capabilities.SharesMemory ? options.TotalRanks : 1);
        free = Math.Max(0, free - (weightBytes / options.TotalRanks));
        long allowed = Allowed(options, accelerator, free, weightBytes);
        long blockBytes = accelerator.KvBlockBytes(spec);
        long perSequence = (contextLength + spec.BlockSlots - 1) / spec.BlockSlots;
        long affordable = Math.Min(allowed, free) / blockBytes;
        if (affordable < perSequence + 1)
        {
            long host = accelerator.Capabilities.SharesMemory ? options.HostCacheBytes : 0;
            string beside = host > 0
                ? $"{Gigabytes(weightBytes - host)} and the {Gigabytes(host)} of --host-cache-gib"
                : Gigabytes(weightBytes);
            throw TooSmall(
                contextLength, (perSequence + 1) * blockBytes, Math.Min(allowed, free), free, beside, (affordable - 1) * spec.BlockSlots);
        }

        // On a device of its own nobody else wants the memory, and prefixes can use it.
        bool keepsPrefixes = options.PrefixCaching && (options.KvBytes > 0 || !accelerator.Capabilities.SharesMemory);
        long blocks = keepsPrefixes ? affordable : Math.Min(affordable, (options.MaxSequences * perSequence) + 1);
        return new KvPoolSize((int)Math.Min(blocks, int.MaxValue / spec.BlockSlots), blockBytes, free, spec.BlockSlots);
    }

    private static long Allowed(ModelOptions options, IAccelerator accelerator, long free, long weightBytes)
    {
        if (options.KvBytes > 0)
            return options.KvBytes / options.TotalRanks;
        bool sharesMemory = accelerator.Capabilities.SharesMemory;
        double utilization = options.UtilizationOf(sharesMemory);
        if (utilization <= 0)
            return (long)(free * options.KvMemoryFraction);
        DeviceMemory memory = accelerator.Memory;
        long left = (long)(memory.TotalBytes * utilization) - (memory.TotalBytes - memory.FreeBytes);
        return Math.Max(0, (left / (sharesMemory ? options.TotalRanks : 1)) - (weightBytes / options.TotalRanks));
    }

    private static DeviceMemoryException TooSmall(
        int context, long needed, long allowed, long free, string weights, long fits) => new(
        $"the KV cache of one sequence of {context:N0} tokens needs {Gigabytes(needed)} on each rank, {Gigabytes(allowed)} are allowed "
        + $"and {Gigabytes(free)} are free beside the weights' {weights}; "
        + (fits > 0 ? $"--max-model-len {fits} would fit, or allow more with --kv-cache-memory-bytes" : "use a machine with more memory"));

    private static string Gigabytes(long bytes) => $"{bytes / 1e9:F2} GB";
}
