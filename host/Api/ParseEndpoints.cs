using System.Text.Json;
using Glm5.Core.Chat;

namespace Glm5.Host.Api;

/// <summary>
/// SGLang's <c>POST /parse_function_call</c> and <c>/separate_reasoning</c>: an answer's text taken apart as the
/// server's own answers are. They need no model.
/// </summary>
internal static class ParseEndpoints
{
    private const string ThinkOpen = "<think>", ThinkClose = "</think>", CallOpen = "<tool_call>";

    public static async Task ParseCallsAsync(HttpContext http)
    {
        using RequestBody body = await RequestBody.ReadAsync(http);
        var fields = new RequestFields(body.Root);
        string text = fields.RequiredText("text");
        JsonElement tools = ParseRequest.ReadTools(fields)
            ?? throw ApiException.Invalid("tools", "tools is missing; expected an array of tools", "missing_field");
        RequireParser(fields, "tool_call_parser");
        fields.RequireAllRead();
        ParsedAnswer answer = Parse(text, tools, startsInReasoning: false);
        string[] names = [.. tools.EnumerateArray().Select(NameOf)];
        ParsedCall[] calls = [.. answer.Calls.Select(
            call => new ParsedCall(Array.IndexOf(names, call.Name), call.Name, call.Arguments))];
        await http.Response.WriteAsJsonAsync(
            new ParsedCalls(answer.Content, calls, answer.Reasoning.Length > 0 ? answer.Reasoning : null),
            WireJson.Readable.ParsedCalls);
    }

    public static async Task SeparateReasoningAsync(HttpContext http)
    {
        using RequestBody body = await RequestBody.ReadAsync(http);
        var fields = new RequestFields(body.Root);
        string text = fields.RequiredText("text");
        RequireParser(fields, "reasoning_parser");
        fields.RequireAllRead();

        // Calls stay as they are written, and the first one ends reasoning that nothing else has ended.
        int close = text.IndexOf(ThinkClose, StringComparison.Ordinal);
        int call = text.IndexOf(CallOpen, StringComparison.Ordinal);
        int end = call >= 0 && close < 0 ? call : text.Length;
        int open = text.IndexOf(ThinkOpen, StringComparison.Ordinal);
        bool startsInReasoning = close >= 0 && (open < 0 || open > close);
        ParsedAnswer answer = Parse(text[..end], null, startsInReasoning);
        await http.Response.WriteAsJsonAsync(
            new SeparatedReasoning(answer.Reasoning, answer.Content + text[end..]),
            WireJson.Readable.SeparatedReasoning);
    }

    private static ParsedAnswer Parse(string text, JsonElement? tools, bool startsInReasoning)
    {
        List<OutputPart> parts = [];
        var output = new TaggedOutput(tools, startsInReasoning);
        output.Append(text, parts);
        output.Finish(complete: false, parts);
        return ParsedAnswer.Of(parts, complete: true);
    }

    private static void RequireParser(RequestFields fields, string name)
    {
        if (fields.Text(name) is { } parser and not ("glm" or "glm45" or "glm47" or "auto"))
            throw RequestFields.Wrong(name, "glm45, glm47 or auto", $"\"{parser}\"");
    }

    private static string NameOf(JsonElement tool)
    {
        if (tool.ValueKind != JsonValueKind.Object)
            return "";
        JsonElement function = tool.TryGetProperty("function", out JsonElement nested) ? nested : tool;
        return function.ValueKind == JsonValueKind.Object && function.TryGetProperty("name", out JsonElement name)
            && name.ValueKind == JsonValueKind.String ? name.GetString()! : "";
    }
}
