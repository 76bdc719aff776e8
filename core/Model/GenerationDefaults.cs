using System.Collections.Immutable;
using System.Text.Json;

namespace Glm5.Core.Model;

/// <summary>
/// What a checkpoint's generation_config.json recommends for requests that do not say. Reading is tolerant: the file
/// is advice, and a value that cannot be used is left out and named in <see cref="Ignored"/>.
/// </summary>
public sealed record GenerationDefaults
{
    /// <summary>No advice: what a folder without the file gives.</summary>
    public static readonly GenerationDefaults None = new();

    /// <summary>Ids that end a turn; empty when the file has none and config.json decides.</summary>
    public ImmutableArray<int> EosTokenIds { get; init; } = [];

    /// <summary>False asks for greedy decoding unless a request sets a temperature.</summary>
    public bool? DoSample { get; init; }

    public float? Temperature { get; init; }

    public float? TopP { get; init; }

    public float? MinP { get; init; }

    public int? TopK { get; init; }

    public float? RepetitionPenalty { get; init; }

    /// <summary>One sentence per value that was not usable.</summary>
    public ImmutableArray<string> Ignored { get; init; } = [];

    /// <summary>Reads the file's bytes; never throws for what they hold.</summary>
    public static GenerationDefaults Parse(ReadOnlyMemory<byte> json)
    {
        ReadOnlySpan<byte> byteOrderMark = [0xEF, 0xBB, 0xBF];
        try
        {
            using JsonDocument document = JsonDocument.Parse(json.Span.StartsWith(byteOrderMark) ? json[3..] : json);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Read(document.RootElement)
                : new GenerationDefaults { Ignored = ["the whole file: it is not a JSON object"] };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return new GenerationDefaults { Ignored = [$"the whole file: it is not valid JSON ({exception.Message})"] };
        }
    }

    private static GenerationDefaults Read(JsonElement root)
    {
        List<string> ignored = [];
        JsonFields fields = new(root, "", ignored);
        return new GenerationDefaults
        {
            EosTokenIds = [.. fields.Integers("eos_token_id", 0, int.MaxValue)],
            DoSample = fields.Has("do_sample") ? ReadFlag(root, ignored) : null,
            Temperature = Number(root, "temperature", 0, 100, ignored),
            TopP = Number(root, "top_p", 0, 1, ignored),
            MinP = Number(root, "min_p", 0, 1, ignored),
            TopK = Number(root, "top_k", 0, int.MaxValue, ignored) is { } topK ? (int)topK : null,
            RepetitionPenalty = Number(root, "repetition_penalty", 0, 100, ignored),
            Ignored = [.. ignored],
        };
    }

    private static bool? ReadFlag(JsonElement root, List<string> ignored)
    {
        JsonElement value = root.GetProperty("do_sample");
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        ignored.Add($"do_sample is {value.GetRawText()}; expected true or false");
        return null;
    }

    private static float? Number(JsonElement root, string key, double least, double most, List<string> ignored)
    {
        if (!root.TryGetProperty(key, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number)
            && number >= least && number <= most)
        {
            return (float)number;
        }

        ignored.Add($"{key} is {value.GetRawText()}; expected a number from {least} to {most}");
        return null;
    }
}
