using Glm5.Core.Accelerator;

namespace Glm5.Core.Planning;

/// <summary>One layout that was tried.</summary>
/// <param name="Layout">The layout.</param>
/// <param name="Plan">Its memory; null where the layout does not divide the model.</param>
/// <param name="Refusal">Why not; null with a plan.</param>
public sealed record TriedLayout(ParallelLayout Layout, MemoryPlan? Plan, string? Refusal);

/// <summary>Tries every way to divide a model over the devices of a machine.</summary>
public static class LayoutSearch
{
    /// <summary>
    /// Every number of ranks that is a power of two up to the devices there are, in every division over tensor, data and
    /// expert parallelism; groups always share whole experts. Those with fewest ranks come first.
    /// </summary>
    /// <param name="planner">Counts each.</param>
    /// <param name="footprint">The device.</param>
    public static IReadOnlyList<TriedLayout> All(MemoryPlanner planner, DeviceFootprint footprint)
    {
        var tried = new List<TriedLayout>();
        for (int ranks = 1; ranks <= footprint.Devices; ranks *= 2)
        {
            if (!footprint.TakesRanks(ranks))
                continue;
            tried.Add(Try(planner, new ParallelLayout(ranks)));
            for (int data = 1; data <= ranks && ranks > 1; data *= 2)
                tried.Add(Try(planner, new ParallelLayout(ranks / data, data, Expert: true)));
        }

        return tried;
    }

    /// <summary>
    /// The layout that serves what does not fit as asked: among those that fit the one with fewest ranks, of these the
    /// one with fewest groups, and of these the one whose caches hold most; null when none fits.
    /// </summary>
    public static TriedLayout? Nearest(IReadOnlyList<TriedLayout> tried)
    {
        TriedLayout? best = null;
        foreach (TriedLayout candidate in tried)
        {
            if (candidate is not { Plan: { Fits: true } plan })
                continue;
            if (best is null || IsNearer(plan, best.Plan!))
                best = candidate;
        }

        return best;
    }

    /// <summary>The layout with the longest context, of several the first; null when none holds even the weights.</summary>
    public static TriedLayout? Longest(IReadOnlyList<TriedLayout> tried)
    {
        TriedLayout? best = null;
        foreach (TriedLayout candidate in tried)
        {
            if (candidate.Plan is { LongestContext: > 0 } plan && plan.LongestContext > (best?.Plan!.LongestContext ?? 0))
                best = candidate;
        }

        return best;
    }

    private static bool IsNearer(MemoryPlan plan, MemoryPlan best) =>
        (plan.Layout.Ranks, plan.Layout.Data, -plan.Tokens).CompareTo((best.Layout.Ranks, best.Layout.Data, -best.Tokens)) < 0;

    private static TriedLayout Try(MemoryPlanner planner, ParallelLayout layout)
    {
        MemoryPlan? plan = planner.TryPlan(layout, out string? refusal);
        return new TriedLayout(layout, plan, refusal);
    }
}
