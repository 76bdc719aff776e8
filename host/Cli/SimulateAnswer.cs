using System.Text.Json.Serialization;
using Glm5.Core.Simulation;
using Glm5.Host.Simulation;

namespace Glm5.Host.Cli;

/// <summary>What <c>glm5 simulate --json</c> prints: what was simulated, and what came of it.</summary>
/// <param name="Model">The model.</param>
/// <param name="Device">The devices.</param>
/// <param name="Layout">How the model is divided, in a word: <c>DP4 x TP2 + EP8</c>.</param>
/// <param name="Ranks">Tensor parallel size.</param>
/// <param name="Groups">Data parallel size.</param>
/// <param name="KvCacheDtype">How the caches are stored.</param>
/// <param name="Drafts">Drafts a step.</param>
/// <param name="MaxSequences">Most sequences that run at once, in each group.</param>
/// <param name="MaxBatchedTokens">Most tokens of a step, in each group.</param>
/// <param name="Input">Tokens of a prompt.</param>
/// <param name="Output">Tokens of an answer.</param>
/// <param name="Concurrency">Requests under way at once; 0 for no bound.</param>
/// <param name="Rate">Requests a second; null where all come at once.</param>
/// <param name="SharedPrefix">Share of each prompt that is in common.</param>
/// <param name="Result">The figures.</param>
internal sealed record SimulateAnswer(
    string Model, string Device, string Layout, int Ranks, int Groups, string KvCacheDtype, int Drafts, int MaxSequences, int MaxBatchedTokens, string Input, string Output,
    int Concurrency, double? Rate, double SharedPrefix, SimulationResult Result);

/// <summary>Its serialisation.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DictionaryKeyPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true)]
[JsonSerializable(typeof(SimulateAnswer))]
[JsonSerializable(typeof(List<Comparison>))]
internal sealed partial class SimulateJson : JsonSerializerContext;
