using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Glm5.Core.Chat;
using Glm5.Core.Chat.Output;
using Glm5.Tests.Unit.Tokenization;

namespace Glm5.Tests.Unit.Chat.Output;

/// <summary>
/// Answers as text in which tag strings are tags, and what becomes of them, written in one line: think[...], say[...]
/// and name{...} in the order they came.
/// </summary>
internal static partial class Answers
{
    public const string Weather = """
        [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {
          "city": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}, "days": {"type": "integer"},
          "where": {"type": "object"}, "note": {"type": ["string", "null"]},
          "mixed": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}}}},
         {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}]
        """;

    public static JsonElement Tools(string json) => JsonSerializer.Deserialize<JsonElement>(json);

    /// <summary>Through tokens: tags and special tokens by id, text by ids of the trained tokenizer.</summary>
    public static string OfTokens(string answer, string? tools = Weather, bool startsInReasoning = false) =>
        OfTokens(Tokenizers.Nano.Encode(answer), tools, startsInReasoning);

    public static string OfTokens(IEnumerable<int> tokens, string? tools = Weather, bool startsInReasoning = false)
    {
        ChatOutput output = new(Tokenizers.Nano, tools is null ? null : Tools(tools), startsInReasoning);
        List<OutputPart> parts = [];
        foreach (int token in tokens)
            output.Append(token, parts);
        output.Finish(parts);
        return Describe(parts);
    }

    /// <summary>Past the tokenizer, with texts cut before the given positions.</summary>
    public static string OfPieces(
        string answer, IReadOnlyCollection<int> cuts, string? tools = Weather, bool startsInReasoning = false)
    {
        bool complete = answer.EndsWith("<|user|>", StringComparison.Ordinal);
        OutputMachine machine = new(tools is null ? null : new ToolSchemas(Tools(tools)), startsInReasoning);
        List<OutputPart> parts = [];
        foreach (Match match in Event().Matches(answer.Replace("<|user|>", "", StringComparison.Ordinal)))
        {
            if (Array.FindIndex(Enum.GetValues<OutputTag>(), t => t.Text() == match.Value) is var tag and >= 0)
                machine.Tag((OutputTag)tag, parts);
            else
                Feed(machine, match, cuts, parts);
        }

        machine.Finish(complete, parts);
        return Describe(parts);
    }

    public static string Describe(List<OutputPart> parts)
    {
        StringBuilder line = new();
        OutputPart last = new(OutputKind.Content, "", -2);
        int calls = 0;
        foreach (OutputPart part in parts)
        {
            Assert.AreNotEqual("", part.Text);
            bool continues = last.Call == part.Call
                && (last.Kind == part.Kind || part.Kind == OutputKind.ToolCallArguments);
            if (!continues)
                line.Append(Closing(last)).Append(Opening(part.Kind));
            line.Append(part.Text);
            if (part.Kind is OutputKind.ToolCallName or OutputKind.ToolCallArguments)
                Assert.AreEqual(part.Kind == OutputKind.ToolCallName ? calls++ : calls - 1, part.Call);
            else
                Assert.AreEqual(-1, part.Call);
            last = part;
        }

        return line.Append(Closing(last)).ToString();
    }

    /// <summary>The arguments of every call.</summary>
    public static List<string> Arguments(List<OutputPart> parts) =>
        [.. parts.Where(p => p.Kind == OutputKind.ToolCallArguments)
            .GroupBy(p => p.Call, p => p.Text).Select(call => string.Concat(call))];

    private static string Opening(OutputKind kind) => kind switch
    {
        OutputKind.Reasoning => "think[",
        OutputKind.Content => "say[",
        _ => "",
    };

    private static string Closing(OutputPart part) => part.Kind switch
    {
        _ when part.Call == -2 => "",
        OutputKind.Reasoning or OutputKind.Content => "] ",
        _ => " ",
    };

    private static void Feed(OutputMachine machine, Match text, IReadOnlyCollection<int> cuts, List<OutputPart> parts)
    {
        int from = text.Index;
        int end = text.Index + text.Length;
        foreach (int cut in cuts.Where(c => c > text.Index && c < end).Order().Append(end))
        {
            machine.Text(text.Value[(from - text.Index)..(cut - text.Index)], parts);
            from = cut;
        }
    }

    [GeneratedRegex("</?(think|tool_call|arg_key|arg_value)>|((?!</?(think|tool_call|arg_key|arg_value)>)[\\s\\S])+")]
    private static partial Regex Event();
}
