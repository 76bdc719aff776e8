using System.Text.Json.Serialization;
using Glm5.Core.Accelerator;
using Glm5.Core.Planning;
using Glm5.Core.Weights;

namespace Glm5.Host.Cli;

/// <summary>What <c>glm5 plan --json</c> prints, and what its table shows. Bytes are of one rank unless they are said not to be.</summary>
/// <param name="Model">The model.</param>
/// <param name="Origin">Where its shape is from.</param>
/// <param name="TensorCount">Its tensors, scales counted.</param>
/// <param name="TotalBytes">Their bytes as stored.</param>
/// <param name="Device">The devices.</param>
/// <param name="DeviceBytes">Memory of one.</param>
/// <param name="ContextLength">The context that every sequence is to reach.</param>
/// <param name="Layouts">Every layout that was tried.</param>
/// <param name="Chosen">The layout that was asked for, or else the smallest that fits.</param>
/// <param name="CacheFormats">What the chosen layout holds in each format of caches that the devices have.</param>
/// <param name="Refusal">Why the chosen one would be refused; null when it fits.</param>
internal sealed record PlanAnswer(
    string Model, string Origin, int TensorCount, long TotalBytes, string Device, long DeviceBytes, int ContextLength,
    IReadOnlyList<PlannedLayout> Layouts, PlannedLayout? Chosen, IReadOnlyList<PlannedFormat> CacheFormats, string? Refusal)
{
    /// <summary>The answer for what was tried.</summary>
    public static PlanAnswer Of(
        ModelShape shape, WeightBlueprint weights, DeviceFootprint footprint, IReadOnlyList<TriedLayout> tried,
        MemoryPlan? chosen, IReadOnlyList<PlannedFormat> formats, string? refusal) => new(
        shape.Name, shape.Origin, weights.TensorCount, weights.TotalBytes, footprint.Device, footprint.TotalBytes,
        chosen?.ContextLength ?? 0,
        [.. tried.Select(layout => PlannedLayout.Of(layout.Layout, layout.Plan, layout.Refusal))],
        chosen is null ? null : PlannedLayout.Of(chosen.Layout, chosen, refusal), formats, refusal);
}

/// <summary>One layout.</summary>
/// <param name="Layout">In a word: <c>TP8</c>.</param>
/// <param name="Flags">What asks for it.</param>
/// <param name="Fits">Whether a sequence of the whole context fits.</param>
/// <param name="Refusal">Why not; null where it fits.</param>
/// <param name="BudgetBytes">What a rank may take.</param>
/// <param name="WeightBytes">Weights, the draft layer counted.</param>
/// <param name="DraftBytes">The draft layer's part of them.</param>
/// <param name="ActivationBytes">The arena of a step.</param>
/// <param name="ExchangeBytes">Buffers between ranks.</param>
/// <param name="HostCacheBytes">Copies of blocks on the host, where they take from the same memory.</param>
/// <param name="CacheBytes">What caches may take.</param>
/// <param name="CacheBytesPerToken">Both caches over all layers.</param>
/// <param name="CacheTokens">Tokens that the caches of all groups hold.</param>
/// <param name="LongestContext">The longest context for which one sequence fits.</param>
/// <param name="Sequences">Sequences of the whole context that fit at once.</param>
/// <param name="Sequences8k">Sequences of 8,192 tokens that fit at once.</param>
/// <param name="Parts">Weights by part.</param>
internal sealed record PlannedLayout(
    string Layout, string Flags, bool Fits, string? Refusal, long BudgetBytes, long WeightBytes, long DraftBytes,
    long ActivationBytes, long ExchangeBytes, long HostCacheBytes, long CacheBytes, long CacheBytesPerToken,
    long CacheTokens, int LongestContext, long Sequences, long Sequences8k, IReadOnlyDictionary<string, long> Parts)
{
    private const int Short = 8192;

    /// <summary>One layout's figures; zeros where it does not divide the model.</summary>
    public static PlannedLayout Of(ParallelLayout layout, MemoryPlan? plan, string? refusal) => plan is null
        ? new PlannedLayout(
            layout.ToString(), layout.Flags, false, refusal, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, new Dictionary<string, long>())
        : new PlannedLayout(
            layout.ToString(), layout.Flags, plan.Fits, refusal, plan.Budget, plan.WeightBytes,
            plan.Weights.Packed(WeightPart.Draft), plan.ArenaBytes, plan.CommunicationBytes, plan.HostCacheBytes, plan.CacheRoom,
            plan.BlockBytes / plan.BlockSlots, plan.Tokens, plan.LongestContext, plan.SequencesOf(plan.ContextLength),
            plan.SequencesOf(Short),
            Enum.GetValues<WeightPart>().ToDictionary(part => part.ToString(), plan.Weights.Packed));
}

/// <summary>What a layout holds when its caches are stored in one format.</summary>
/// <param name="KvCacheDtype">The format, as <c>--kv-cache-dtype</c> names it.</param>
/// <param name="Chosen">Whether it is the one that the plan counts with.</param>
/// <param name="CacheBytesPerToken">Both caches over all layers.</param>
/// <param name="CacheTokens">Tokens that the caches of all groups hold.</param>
/// <param name="LongestContext">The longest context for which one sequence fits.</param>
/// <param name="Sequences">Sequences of the whole context that fit at once.</param>
internal sealed record PlannedFormat(
    string KvCacheDtype, bool Chosen, long CacheBytesPerToken, long CacheTokens, int LongestContext, long Sequences)
{
    /// <summary>One format's figures.</summary>
    public static PlannedFormat Of(KvFormat format, bool chosen, MemoryPlan plan) => new(
        CacheFormat.Word(format), chosen, plan.BlockBytes / plan.BlockSlots, plan.Tokens, plan.LongestContext,
        plan.SequencesOf(plan.ContextLength));
}

/// <summary>Its serialisation.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DictionaryKeyPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true)]
[JsonSerializable(typeof(PlanAnswer))]
internal sealed partial class PlanJson : JsonSerializerContext;
