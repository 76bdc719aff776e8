using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Glm5.Core.Accelerator;
using Glm5.Core.Verification;

namespace Glm5.Host.Cli;

/// <summary>
/// What a verification leaves behind. The fields are those of the records that tests leave (tests/hardware/records), so
/// that the hardware matrix reads both.
/// </summary>
internal sealed record VerifyRecord(
    string Backend, string Architecture, string Device, bool Emulated, string Arithmetic, string Software, string Date,
    string Sources, SortedDictionary<string, VerifiedSuite> Suites, IReadOnlyList<VerifiedFailure> Failures)
{
    /// <summary>Checks that failed.</summary>
    [JsonIgnore]
    public int Failed => Failures.Count;

    /// <summary>
    /// Counts results. In a checkout of the project the record speaks of its very sources, elsewhere of none.
    /// </summary>
    public static VerifyRecord Of(Backend backend, Capabilities device, IReadOnlyList<CheckResult> results)
    {
        var suites = new SortedDictionary<string, VerifiedSuite>(StringComparer.Ordinal);
        var failures = new List<VerifiedFailure>();
        foreach (CheckResult result in results)
        {
            VerifiedSuite counts = suites.GetValueOrDefault(result.Suite) ?? new VerifiedSuite(0, 0, 0);
            suites[result.Suite] = result.Passed ? counts with { Passed = counts.Passed + 1 }
                : result.NotRun is null ? counts with { Failed = counts.Failed + 1 } : counts with { NotRun = counts.NotRun + 1 };
            if (result.Failure is { } failure)
                failures.Add(new VerifiedFailure(result.Suite, result.Name, failure));
        }

        return new VerifyRecord(
            device.Backend, device.Architecture, device.Device, device.IsEmulated, device.Arithmetic.Name,
            $"glm5 {ProgramVersion.Text}", TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            SourcesOf(backend), suites, failures);
    }

    private static string SourcesOf(Backend backend)
    {
        // The assembly of the last word CpuReference lies in backends/cpu-reference.
        string name = backend.GetType().Assembly.GetName().Name!.Split('.')[^1];
        string folder = string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) ? $"-{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
        for (DirectoryInfo? at = new(Environment.CurrentDirectory); at is not null; at = at.Parent)
        {
            string sources = Path.Combine("backends", folder);
            if (File.Exists(Path.Combine(at.FullName, "Glm5.Hw.sln")) && Directory.Exists(Path.Combine(at.FullName, sources)))
                return SourceDigest.Of(at.FullName, "core/Accelerator", "core/Model", sources);
        }

        return "";
    }

    /// <summary>Writes it under its backend and architecture; returns the file's path.</summary>
    public string Write(string folder)
    {
        Directory.CreateDirectory(folder);
        string name = string.Concat($"{Backend}-{Architecture}{(Emulated ? "-emulated" : "")}-verify"
            .Select(c => char.IsLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-'));
        string path = Path.Combine(folder, name + ".json");
        File.WriteAllText(path, JsonSerializer.Serialize(this, VerifyJson.Default.VerifyRecord) + "\n");
        return path;
    }
}

/// <summary>Checks of one suite.</summary>
internal sealed record VerifiedSuite(int Passed, int Failed, int NotRun);

/// <summary>A check that failed.</summary>
internal sealed record VerifiedFailure(string Suite, string Check, string Failure);

/// <summary>Its serialisation.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(VerifyRecord))]
internal sealed partial class VerifyJson : JsonSerializerContext;
