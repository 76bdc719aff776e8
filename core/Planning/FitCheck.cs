using System.Globalization;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Core.Planning;

/// <summary>Refuses a model that cannot fit before a byte of its weights is read, with the numbers and what would fit.</summary>
public static class FitCheck
{
    /// <summary>Fails unless at least one sequence of the context asked for fits.</summary>
    /// <param name="weights">The model.</param>
    /// <param name="footprint">The device.</param>
    /// <param name="options">How it is to be served.</param>
    /// <exception cref="DeviceMemoryException">It does not fit.</exception>
    public static void Require(IWeightCatalog weights, DeviceFootprint footprint, ModelOptions options)
    {
        var planner = new MemoryPlanner(weights, footprint, options);
        MemoryPlan plan = planner.Plan(ParallelLayout.Of(options));
        if (!plan.Fits)
            throw new DeviceMemoryException(Refusal(plan, footprint, LayoutSearch.All(planner, footprint)));
    }

    /// <summary>The sentence for a plan that does not fit.</summary>
    public static string Refusal(MemoryPlan plan, DeviceFootprint footprint, IReadOnlyList<TriedLayout> tried)
    {
        string needs = $"{plan.Layout} on {footprint.Device}: each rank needs {Gigabytes(plan.WeightBytes)} for weights, "
            + $"{Gigabytes(plan.ArenaBytes)} for a step's activations, "
            + (plan.CommunicationBytes > 0 ? $"{Gigabytes(plan.CommunicationBytes)} for exchange between ranks, " : "")
            + (plan.HostCacheBytes > 0 ? $"{Gigabytes(plan.HostCacheBytes)} for --host-cache-gib, " : "")
            + $"and for the caches of one sequence of {Count(plan.ContextLength)} tokens {Gigabytes(plan.SequenceBytes)}, "
            + $"{Gigabytes(plan.FixedBytes + plan.SequenceBytes)} together; it may take {Gigabytes(plan.Budget)}"
            + (plan.CacheRoom < plan.Budget - plan.FixedBytes ? $", {Gigabytes(plan.CacheRoom)} of it for caches" : "");
        return $"the model does not fit with {needs}. {WhatWouldFit(plan, tried)}";
    }

    private static string WhatWouldFit(MemoryPlan plan, IReadOnlyList<TriedLayout> tried)
    {
        string? shorter = plan.LongestContext > 0
            ? $"--max-model-len {plan.LongestContext} would fit as it is"
            : null;
        string? wider = LayoutSearch.Nearest(tried) is { Plan: { } near } && near.Layout != plan.Layout
            ? $"{near.Layout.Flags} would fit, with caches for {Count(near.Tokens)} tokens"
            : null;
        return (shorter, wider) switch
        {
            (null, null) when LayoutSearch.Longest(tried) is { Plan: { } longest } =>
                $"{longest.Layout.Flags} --max-model-len {longest.LongestContext} would fit",
            (null, null) => "No layout of these devices holds it: use more of them, or a quantised checkpoint",
            (null, _) => wider,
            (_, null) => shorter,
            _ => $"{shorter}; {wider}",
        };
    }

    private static string Gigabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:F2} GB");

    private static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
