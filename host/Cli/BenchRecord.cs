using System.Text.Json;
using System.Text.Json.Serialization;

namespace Glm5.Host.Cli;

/// <summary>
/// What a measurement leaves behind. Times are of a layer; bytes are the least that its step has to move, so that
/// GB/s are of useful bytes; ceilings are of the same run.
/// </summary>
internal sealed record BenchRecord(
    string Backend, string Device, string Architecture, bool Emulated, string Software, string Date, string Shape, int Layers,
    string Weights, string Cache, int Rounds, int StepsOfRound, double CopyGigabytesPerSecond, double MatrixTeraflops,
    IReadOnlyList<BenchLine> Lines)
{
    /// <summary>Writes it under its backend, shape and date; returns the file's path.</summary>
    public string Write(string folder)
    {
        Directory.CreateDirectory(folder);
        string name = string.Concat($"{Backend}{(Emulated ? "-emulated" : "")}-{Shape}-{Weights}-{Cache}-layers-{Date}"
            .Select(c => char.IsLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-'));
        string path = Path.Combine(folder, name + ".json");
        File.WriteAllText(path, JsonSerializer.Serialize(this, BenchJson.Default.BenchRecord) + "\n");
        return path;
    }
}

/// <summary>One step.</summary>
internal sealed record BenchLine(
    string Step, int Sequences, int TokensEach, int Context, double MicrosecondsPerLayer, double Low, double High,
    double GigabytesPerLayer, double GigabytesPerSecond, double ShareOfCopy, double Teraflops, double ShareOfMatrixRate, bool IsCaptured);

/// <summary>Its serialisation.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(BenchRecord))]
internal sealed partial class BenchJson : JsonSerializerContext;
