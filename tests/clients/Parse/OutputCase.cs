using System.Text;
using System.Text.Json;
using Glm5.Core.Chat;
using Glm5.Core.Tokenization;
using Glm5.Host.Api;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Parse;

/// <summary>A line of <c>tests/data/output/cases.jsonl</c>: what <c>glm5 parse</c> is given, and what it has to say.</summary>
internal sealed record OutputCase(string Name, string Text, JsonElement? Tools, bool StartsInReasoning, bool Complete, string Expected)
{
    /// <summary>All cases.</summary>
    public static IReadOnlyList<OutputCase> All { get; } =
        [.. File.ReadLines(Path.Combine(Repository.Root, "tests", "data", "output", "cases.jsonl")).Select(Read)];

    /// <summary>Places in the text where it may be cut, between code points; its ends are none.</summary>
    public int[] Places { get; } = [.. Enumerable.Range(1, Math.Max(0, Text.Length - 1)).Where(at => !char.IsLowSurrogate(Text[at]))];

    /// <summary>What the text comes apart into when it is handed over in pieces.</summary>
    public string Split(params ReadOnlySpan<int> cuts)
    {
        List<OutputPart> parts = [];
        var output = new TaggedOutput(Tools, StartsInReasoning);
        int from = 0;
        foreach (int cut in cuts)
        {
            output.Append(Text[from..cut], parts);
            from = cut;
        }

        output.Append(Text[from..], parts);
        output.Finish(Complete, parts);
        return Describe(parts);
    }

    /// <summary>The same for the text's tokens.</summary>
    public string Tokens(Tokenizer tokenizer)
    {
        List<OutputPart> parts = [];
        var output = new ChatOutput(tokenizer, Tools, StartsInReasoning);
        foreach (int token in tokenizer.Encode(PromptText.Trusted(Text)))
            output.Append(token, parts);
        output.Finish(Complete, parts);
        return Describe(parts);
    }

    public override string ToString() => Name;

    private static OutputCase Read(string line)
    {
        JsonElement given = JsonElement.Parse(line);
        return new OutputCase(
            given.At("name").GetString()!, given.At("text").GetString()!,
            given.TryGetProperty("tools", out JsonElement tools) ? tools : null,
            given.TryGetProperty("starts_in_reasoning", out JsonElement starts) && starts.GetBoolean(),
            !given.TryGetProperty("finish_reason", out JsonElement reason) || reason.GetString() != "length",
            Describe(given.At("expected")));
    }

    private string Describe(List<OutputPart> parts)
    {
        ParsedAnswer answer = ParsedAnswer.Of(parts, Complete);
        return Describe(answer.Reasoning, answer.Content, answer.Calls, answer.FinishReason);
    }

    private static string Describe(JsonElement expected) => Describe(
        expected.At("reasoning").GetString()!, expected.At("content").GetString()!,
        [.. expected.At("tool_calls").EnumerateArray().Select(call => (call.At("name").GetString()!, call.At("arguments").GetString()!))],
        expected.At("finish_reason").GetString()!);

    private static string Describe(
        string reasoning, string content, IReadOnlyList<(string Name, string Arguments)> calls, string reason)
    {
        var line = new StringBuilder($"think[{reasoning}] say[{content}] ");
        foreach ((string name, string arguments) in calls)
            line.Append(name).Append(arguments).Append(' ');
        return line.Append(reason).ToString();
    }
}
