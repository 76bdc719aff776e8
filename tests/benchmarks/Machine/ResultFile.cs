using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Glm5.Benchmarks.Commands;
using Glm5.Benchmarks.Load;
using Glm5.Benchmarks.Peers;
using Glm5.Benchmarks.Speed;

namespace Glm5.Benchmarks.Machine;

/// <summary>One line of a bandwidth measurement.</summary>
/// <param name="Threads">Threads reading at the same time.</param>
/// <param name="GigabytesPerSecond">Over all threads; 1 GB = 1e9 bytes.</param>
internal sealed record BandwidthRecord(int Threads, Spread GigabytesPerSecond);

/// <summary>
/// A result as it is committed under <c>results/</c>: what was measured, by which revision of the code, on which class
/// of machine.
/// </summary>
/// <param name="Measurement">The command that made it.</param>
/// <param name="Commit">The commit the measured program was built from.</param>
/// <param name="Date">Day of the measurement, UTC.</param>
/// <param name="Machine">What makes results comparable.</param>
/// <param name="Bandwidth">Read bandwidth by thread count, where the command measured only that.</param>
/// <param name="Compared">Workloads timed against a peer, where the command did so.</param>
/// <param name="Timed">Workloads of our own, where the command timed those.</param>
/// <param name="Depths">Where a token's time goes, by context length.</param>
/// <param name="Tokenized">Texts encoded and decoded, where the command timed the tokenizer.</param>
/// <param name="Speculated">Answers by the number of drafts.</param>
/// <param name="Masked">Answers with a form.</param>
/// <param name="FrontEnd">Streams through the HTTP surface, with an engine that costs nothing.</param>
/// <param name="Ranked">Answers by how the model is divided over ranks.</param>
internal sealed record ResultFile(
    string Measurement,
    string Commit,
    DateOnly Date,
    MachineClass Machine,
    IReadOnlyList<BandwidthRecord>? Bandwidth,
    IReadOnlyList<ComparedWork>? Compared,
    IReadOnlyList<TimedWork>? Timed = null,
    IReadOnlyList<DepthTime>? Depths = null,
    IReadOnlyList<TokenizedText>? Tokenized = null,
    IReadOnlyList<SpeculationResult>? Speculated = null,
    IReadOnlyList<MaskedAnswer>? Masked = null,
    IReadOnlyList<FrontEndResult>? FrontEnd = null,
    IReadOnlyList<RanksResult>? Ranked = null)
{
    public static ResultFile Of(
        string measurement,
        IReadOnlyList<BandwidthRecord>? bandwidth = null,
        IReadOnlyList<ComparedWork>? compared = null,
        IReadOnlyList<TimedWork>? timed = null,
        IReadOnlyList<DepthTime>? depths = null,
        IReadOnlyList<TokenizedText>? tokenized = null,
        IReadOnlyList<SpeculationResult>? speculated = null,
        IReadOnlyList<MaskedAnswer>? masked = null,
        IReadOnlyList<FrontEndResult>? frontEnd = null,
        IReadOnlyList<RanksResult>? ranked = null) =>
        new(
            measurement,
            ReadCommit(),
            DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime),
            MachineClass.Here,
            bandwidth,
            compared,
            timed,
            depths,
            tokenized,
            speculated,
            masked,
            frontEnd,
            ranked);

    public string ToJson() => JsonSerializer.Serialize(this, ResultJson.Default.ResultFile);

    /// <summary>What the build appended to the version behind a plus sign; "unknown" outside a repository.</summary>
    private static string ReadCommit()
    {
        string? version = typeof(ResultFile).Assembly
            .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        string[] parts = version?.Split('+') ?? [];
        return parts.Length == 2 ? parts[1] : "unknown";
    }
}

[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ResultFile))]
internal sealed partial class ResultJson : JsonSerializerContext;
