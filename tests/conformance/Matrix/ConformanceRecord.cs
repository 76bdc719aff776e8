using System.Text.Json;
using System.Text.Json.Serialization;

namespace Glm5.Tests.Conformance.Matrix;

/// <summary>What a conformance run left behind: the only thing that turns "unverified" into "verified", or "emulated".</summary>
public sealed record ConformanceRecord
{
    /// <summary>The backend's name.</summary>
    public required string Backend { get; init; }

    /// <summary>Instruction set or architecture the kernels were chosen for.</summary>
    public required string Architecture { get; init; }

    /// <summary>The device in words.</summary>
    public required string Device { get; init; }

    /// <summary>True for a stand-in of the device that computes on the host.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Emulated { get; init; }

    /// <summary>Runtime, driver and toolkit versions.</summary>
    public required string Software { get; init; }

    /// <summary>Day of the run, yyyy-MM-dd, UTC.</summary>
    public required string Date { get; init; }

    /// <summary>Digest of the contract and the backend that were run; a record of other sources is stale.</summary>
    public required string Sources { get; init; }

    /// <summary>Tests per suite.</summary>
    public required SortedDictionary<string, SuiteResult> Suites { get; init; }

    /// <summary>True when every test of every suite ran and passed.</summary>
    [JsonIgnore]
    public bool AllPassed => Suites.Count > 0 && Suites.Values.All(s => s.Passed > 0 && s.Failed == 0);

    /// <summary>Reads all records under a folder, by file name.</summary>
    public static IReadOnlyList<ConformanceRecord> ReadAll(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal).Select(Read)];

    /// <summary>Writes the record under its backend and architecture.</summary>
    public void Write(string folder)
    {
        string name = string.Concat($"{Backend}-{Architecture}{(Emulated ? "-emulated" : "")}".Select(c => char.IsLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-'));
        File.WriteAllText(Path.Combine(folder, name + ".json"), JsonSerializer.Serialize(this, RecordJson.Default.ConformanceRecord) + "\n");
    }

    private static ConformanceRecord Read(string file) =>
        JsonSerializer.Deserialize(File.ReadAllText(file), RecordJson.Default.ConformanceRecord)
        ?? throw new InvalidDataException($"{file} is not a conformance record");
}

/// <summary>Tests of one suite.</summary>
public sealed record SuiteResult(int Passed, int Failed, int NotRun);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ConformanceRecord))]
internal sealed partial class RecordJson : JsonSerializerContext;
