using System.Text.Json;
using Glm5.Core.Chat;

namespace Glm5.Host.Api;

/// <summary>What a whole answer came apart into.</summary>
/// <param name="Reasoning">All that was thought.</param>
/// <param name="Content">All that was said.</param>
/// <param name="Calls">The calls in their order; arguments are a JSON object as text.</param>
/// <param name="FinishReason">stop, tool_calls or length.</param>
internal sealed record ParsedAnswer(
    string Reasoning, string Content, IReadOnlyList<(string Name, string Arguments)> Calls, string FinishReason)
{
    /// <summary>Puts the parts of an answer together.</summary>
    public static ParsedAnswer Of(List<OutputPart> parts, bool complete)
    {
        List<AnswerBlock> blocks = [];
        AnswerBlock.Collect(parts, blocks);
        (string, string)[] calls = [.. blocks.Where(block => block.Kind == OutputKind.ToolCallName)
            .Select(block => (block.Name, block.Text.ToString()))];
        string reason = !complete ? "length" : calls.Length > 0 ? "tool_calls" : "stop";
        return new ParsedAnswer(
            Join(blocks, OutputKind.Reasoning), Join(blocks, OutputKind.Content), calls, reason);
    }

    /// <summary>Writes it as an object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString(Names.Reasoning, Reasoning);
        json.WriteString(Names.Content, Content);
        json.WriteStartArray(Names.ToolCalls);
        foreach ((string name, string arguments) in Calls)
        {
            json.WriteStartObject();
            json.WriteString(Names.Name, name);
            json.WriteString(Names.Arguments, arguments);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString(Names.FinishReason, FinishReason);
        json.WriteEndObject();
    }

    private static string Join(List<AnswerBlock> blocks, OutputKind kind) =>
        string.Concat(blocks.Where(block => block.Kind == kind).Select(block => block.Text));
}
