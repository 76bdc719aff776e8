using System.Text.Json;
using System.Text.Json.Serialization;

namespace Glm5.Host.Simulation;

/// <summary>A serving result that somebody published, with what is needed to simulate it.</summary>
/// <param name="System">Who ran what on which machine.</param>
/// <param name="Model">The model as this program knows it; another release of the same shape where the source has one.</param>
/// <param name="Device">The devices as simulated ones.</param>
/// <param name="Ranks">Tensor parallel size.</param>
/// <param name="Groups">Data parallel size.</param>
/// <param name="SpreadExperts">Whether ranks hold whole experts.</param>
/// <param name="Drafts">Drafts a step; 0 for none.</param>
/// <param name="Accepted">Share of drafts accepted at each place; null where the length is given, or nothing.</param>
/// <param name="AcceptedLength">Tokens gained a step; null where it is not published.</param>
/// <param name="Input">Tokens of a prompt, as <c>1000</c> or <c>1..1000</c>.</param>
/// <param name="Output">Tokens of an answer.</param>
/// <param name="SharedPrefix">Share of each prompt that all have in common.</param>
/// <param name="Requests">Requests simulated.</param>
/// <param name="Concurrency">Requests under way; 0 for no bound.</param>
/// <param name="Rate">Requests a second; 0 for all at once.</param>
/// <param name="MaxSequences">Most sequences that run at once, in each group.</param>
/// <param name="MaxBatchedTokens">Most tokens of a step, in each group.</param>
/// <param name="OutputTokensPerSecond">Published tokens of answers a second; null where there is none.</param>
/// <param name="TtftSeconds">Published mean time to the first token.</param>
/// <param name="TpotMilliseconds">Published mean time of a token behind it.</param>
/// <param name="Assumed">What the source leaves open and the simulation assumes.</param>
/// <param name="Why">Why the simulation is off by more than two, where it is.</param>
/// <param name="Source">Where it was published.</param>
internal sealed record PublishedFigure(
    string System, string Model, string Device, int Ranks, int Groups, bool SpreadExperts, int Drafts,
    IReadOnlyList<double>? Accepted, double? AcceptedLength, string Input, string Output, double SharedPrefix, int Requests,
    int Concurrency, double Rate, int MaxSequences, int MaxBatchedTokens, double? OutputTokensPerSecond, double? TtftSeconds,
    double? TpotMilliseconds, string Assumed, string Why, string Source)
{
    /// <summary>All that the program knows.</summary>
    public static IReadOnlyList<PublishedFigure> All()
    {
        using Stream data = typeof(PublishedFigure).Assembly.GetManifestResourceStream("published.json")!;
        return JsonSerializer.Deserialize(data, PublishedJson.Default.IReadOnlyListPublishedFigure)!;
    }
}

/// <summary>Its serialisation.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(PublishedFigure))]
[JsonSerializable(typeof(IReadOnlyList<PublishedFigure>))]
internal sealed partial class PublishedJson : JsonSerializerContext;
