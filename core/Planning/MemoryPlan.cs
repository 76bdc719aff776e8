using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Core.Planning;

/// <summary>
/// Where each rank's memory goes when a model is served in one layout, and how much context and concurrency is left.
/// Bytes are those of one rank; the rank with most weights counts.
/// </summary>
public sealed record MemoryPlan
{
    /// <summary>How the model is divided.</summary>
    public required ParallelLayout Layout { get; init; }

    /// <summary>Bytes that this rank may take of its device.</summary>
    public required long Budget { get; init; }

    /// <summary>The weights by part.</summary>
    public required WeightShare Weights { get; init; }

    /// <summary>
    /// Bytes of weights: on the device, and where matrices are read in place a rank's part of the mapped checkpoint beside
    /// that.
    /// </summary>
    public required long WeightBytes { get; init; }

    /// <summary>Bytes of the activation arena, for contexts of the length asked for.</summary>
    public required long ArenaBytes { get; init; }

    /// <summary>Bytes of buffers for exchange between ranks.</summary>
    public required long CommunicationBytes { get; init; }

    /// <summary>Bytes of copies of cache blocks on the host, where the ranks compute in its memory; 0 on other devices.</summary>
    public required long HostCacheBytes { get; init; }

    /// <summary>Bytes that caches may take: all that is left, or the share of it that was allowed.</summary>
    public required long CacheRoom { get; init; }

    /// <summary>Bytes of one cache block over all layers.</summary>
    public required long BlockBytes { get; init; }

    /// <summary>Tokens in a block.</summary>
    public required int BlockSlots { get; init; }

    /// <summary>The context that every sequence is to be able to reach.</summary>
    public required int ContextLength { get; init; }

    /// <summary>The longest context for which one sequence would fit; 0 when none does.</summary>
    public required int LongestContext { get; init; }

    /// <summary>Bytes of everything but the caches.</summary>
    public long FixedBytes => WeightBytes + ArenaBytes + CommunicationBytes + HostCacheBytes;

    /// <summary>Blocks of each rank's caches, block 0 included.</summary>
    public long Blocks => Math.Max(0, CacheRoom / BlockBytes);

    /// <summary>Tokens that the caches of all groups hold together.</summary>
    public long Tokens => Math.Max(0, Blocks - 1) * BlockSlots * Layout.Data;

    /// <summary>Bytes of the caches of one sequence of the context asked for, with block 0.</summary>
    public long SequenceBytes => (BlocksOf(ContextLength) + 1) * BlockBytes;

    /// <summary>True when at least one sequence of the context asked for fits.</summary>
    public bool Fits => LongestContext >= ContextLength;

    /// <summary>Sequences of so many tokens that fit at once, over all groups.</summary>
    public long SequencesOf(int context) => Math.Max(0, Blocks - 1) / BlocksOf(context) * Layout.Data;

    private long BlocksOf(int context) => (context + BlockSlots - 1L) / BlockSlots;
}

/// <summary>Counts <see cref="MemoryPlan"/>s of one model on one kind of device.</summary>
/// <param name="weights">The model.</param>
/// <param name="footprint">The device.</param>
/// <param name="options">What was asked for; its ranks do not count, the layout's do.</param>
public sealed class MemoryPlanner(IWeightCatalog weights, DeviceFootprint footprint, ModelOptions options)
{
    /// <summary>The plan of one layout.</summary>
    /// <exception cref="AcceleratorException">The layout does not divide the model, or the options do not fit it.</exception>
    public MemoryPlan Plan(ParallelLayout layout)
    {
        int context = ServingSizes.ContextLength(options, weights.Config);
        KvSpec caches = ServingSizes.Caches(
            options, weights.Config, footprint.BlockSlots, footprint.KvFormats, footprint.Device);
        WeightShare share = LargestShare(layout);
        long inPlace = footprint.ReadsInPlace ? weights.TotalBytes / layout.Ranks : 0;
        var plan = new MemoryPlan
        {
            Layout = layout,
            Budget = Budget(layout.Ranks),
            Weights = share,
            WeightBytes = share.PackedBytes + inPlace,
            ArenaBytes = ArenaBytes(layout, context),
            CommunicationBytes = layout.Ranks > 1 ? footprint.CommunicationBytes(layout.Ranks) : 0,
            HostCacheBytes = footprint.SharesMemory ? options.HostCacheBytes / layout.Ranks : 0,
            CacheRoom = 0,
            BlockBytes = footprint.KvBlockBytes(caches),
            BlockSlots = caches.BlockSlots,
            ContextLength = context,
            LongestContext = 0,
        };
        plan = plan with { CacheRoom = CacheRoom(plan, context) };
        return plan with { LongestContext = LongestContext(plan) };
    }

    /// <summary>The plan of one layout; null with the reason where it does not divide the model.</summary>
    public MemoryPlan? TryPlan(ParallelLayout layout, out string? refusal)
    {
        refusal = null;
        try
        {
            return Plan(layout);
        }
        catch (AcceleratorException exception)
        {
            refusal = exception.Message;
            return null;
        }
    }

    private WeightShare LargestShare(ParallelLayout layout)
    {
        WeightShare largest = WeightShare.Of(weights, layout, 0, footprint);
        // Only blocks of scales that a cut divides can make ranks differ, and the last rank shows it.
        if (layout.Ranks > 1)
        {
            WeightShare last = WeightShare.Of(weights, layout, layout.Ranks - 1, footprint);
            if (last.PackedBytes > largest.PackedBytes)
                largest = last;
        }

        return largest;
    }

    private long Budget(int ranks)
    {
        long taken = footprint.TotalBytes - footprint.FreeBytes;
        double utilization = options.UtilizationOf(footprint.SharesMemory);
        long budget = utilization > 0
            ? Math.Min(footprint.FreeBytes, (long)(footprint.TotalBytes * utilization) - taken)
            : footprint.FreeBytes;
        return Math.Max(0, budget / (footprint.SharesMemory ? ranks : 1));
    }

    private long ArenaBytes(ParallelLayout layout, int context) => ServingSizes.ArenaBytes(
        options with { Ranks = layout.Tensor, Groups = layout.Data, SpreadExperts = layout.Expert }, weights.Config, context);

    private long CacheRoom(MemoryPlan plan, int context)
    {
        long left = plan.Budget - plan.WeightBytes - plan.CommunicationBytes - plan.HostCacheBytes
            - ArenaBytes(plan.Layout, context);
        long allowed = options.KvBytes > 0 ? options.KvBytes / plan.Layout.Ranks
            : options.UtilizationOf(footprint.SharesMemory) > 0 ? left
            : (long)(left * options.KvMemoryFraction);
        return Math.Max(0, Math.Min(left, allowed));
    }

    /// <summary>The arena grows with the context too, so the longest is looked for.</summary>
    private int LongestContext(MemoryPlan plan)
    {
        int fits = 0, beyond = weights.Config.MaxPositions + 1;
        while (beyond - fits > 1)
        {
            int context = fits + ((beyond - fits) / 2);
            long blocks = ((context + plan.BlockSlots - 1L) / plan.BlockSlots) + 1;
            if (blocks * plan.BlockBytes <= CacheRoom(plan, context))
                fits = context;
            else
                beyond = context;
        }

        return fits;
    }
}
