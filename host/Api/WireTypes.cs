using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Glm5.Host.Api;

/// <summary>An error, as OpenAI's API has it.</summary>
internal sealed record ErrorAnswer(ErrorBody Error);

/// <summary>What went wrong, of which class, in which field.</summary>
internal sealed record ErrorBody(
    string Message,
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Param,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Code);

/// <summary><c>GET /v1/models</c>.</summary>
internal sealed record ModelList(string Object, IReadOnlyList<ModelEntry> Data);

/// <summary>One served name. The length is null until the model is ready.</summary>
internal sealed record ModelEntry(
    string Id, string Object, long Created, string OwnedBy, string Root, int? MaxModelLen);

/// <summary><c>GET /health</c>: the phase, and while it loads how far it is.</summary>
internal sealed record HealthAnswer(string Status, string Phase, string Model)
{
    public long? BytesDone { get; init; }

    public long? BytesTotal { get; init; }

    public double? BytesPerSecond { get; init; }

    public double? Percent { get; init; }

    public double ElapsedSeconds { get; init; }

    public double? RemainingSeconds { get; init; }

    public string? Failure { get; init; }
}

/// <summary><c>GET /version</c>.</summary>
internal sealed record VersionAnswer(string Version);

/// <summary><c>POST /tokenize</c>.</summary>
internal sealed record TokenizeAnswer(int Count, int MaxModelLen, int[] Tokens, IReadOnlyList<string>? TokenStrs);

/// <summary><c>POST /detokenize</c>.</summary>
internal sealed record DetokenizeAnswer(string Prompt);

/// <summary>An error, as Anthropic's API has it, with the request's name.</summary>
internal sealed record MessagesErrorAnswer(string Type, MessagesErrorBody Error, string RequestId);

/// <summary>What went wrong, of which class.</summary>
internal sealed record MessagesErrorBody(string Type, string Message);

/// <summary><c>POST /v1/messages/count_tokens</c>.</summary>
internal sealed record CountAnswer(int InputTokens);

/// <summary><c>POST /parse_function_call</c>, in SGLang's form; reasoning beside it where there was some.</summary>
internal sealed record ParsedCalls(string NormalText, IReadOnlyList<ParsedCall> Calls, string? ReasoningText);

/// <summary>A call: which of the tools, -1 for none of them, and its arguments as JSON text.</summary>
internal sealed record ParsedCall(int ToolIndex, string Name, string Parameters);

/// <summary><c>POST /separate_reasoning</c>, in SGLang's form.</summary>
internal sealed record SeparatedReasoning(string ReasoningText, string Text);

/// <summary>
/// Writes the small answers. Answers of the model are written field by field, without objects between.
/// </summary>
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelEntry))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(VersionAnswer))]
[JsonSerializable(typeof(TokenizeAnswer))]
[JsonSerializable(typeof(DetokenizeAnswer))]
[JsonSerializable(typeof(MessagesErrorAnswer))]
[JsonSerializable(typeof(CountAnswer))]
[JsonSerializable(typeof(ParsedCalls))]
[JsonSerializable(typeof(SeparatedReasoning))]
internal sealed partial class WireJson : JsonSerializerContext
{
    /// <summary>With characters beyond ASCII as themselves: answers are JSON, never part of a page.</summary>
    public static WireJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
