using System.Text.Json;
using System.Text.Json.Nodes;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Anthropic;

/// <summary>The golden conversations as Anthropic's clients write them.</summary>
internal static class GoldenMessages
{
    /// <summary>A request that is open at its end for more fields.</summary>
    public static string Request(GoldenCase golden, string more)
    {
        JsonNode?[] turns = [.. JsonNode.Parse(golden.Messages.GetRawText())!.AsArray()];
        string system = turns[0]!["role"]!.ToString() == "system" ? $"\"system\": {turns[0]!["content"]!.ToJsonString()}, " : "";
        JsonNode[] messages = [.. turns.Skip(system.Length > 0 ? 1 : 0).Select(Message)];
        string tools = golden.Tools.ValueKind == JsonValueKind.Null ? "" : $"\"tools\": {Tools(golden.Tools)}, ";
        string thinking = golden.EnableThinking ? "{\"type\": \"enabled\", \"budget_tokens\": 1024}" : "{\"type\": \"disabled\"}";
        return $$"""
            {"model": "glm5-nano", "max_tokens": 400, "temperature": 0, {{system}}{{tools}}"thinking": {{thinking}},
             "messages": {{new JsonArray(messages).ToJsonString()}}{{more}}
            """;
    }

    private static string Tools(JsonElement tools) => "[" + string.Join(',', tools.EnumerateArray().Select(tool =>
        $$"""
        {"name": {{tool.At("function", "name").GetRawText()}}, "description": {{tool.At("function", "description").GetRawText()}},
         "cache_control": {"type": "ephemeral"}, "input_schema": {{tool.At("function", "parameters").GetRawText()}} }
        """)) + "]";

    private static JsonNode Message(JsonNode? message)
    {
        string role = message!["role"]!.ToString();
        if (role == "tool")
        {
            return new JsonObject
            {
                ["role"] = "user",
                ["content"] = new JsonArray(new JsonObject
                {
                    ["type"] = "tool_result",
                    ["tool_use_id"] = "toolu_0",
                    ["content"] = message["content"]!.DeepClone(),
                }),
            };
        }

        var blocks = new JsonArray();
        if (message["reasoning_content"]?.ToString() is { Length: > 0 } reasoning)
            blocks.Add(new JsonObject { ["type"] = "thinking", ["thinking"] = reasoning, ["signature"] = "" });
        if (message["content"]!.ToString() is { Length: > 0 } text)
            blocks.Add(new JsonObject { ["type"] = "text", ["text"] = text });
        foreach (JsonNode? call in message["tool_calls"]?.AsArray() ?? [])
        {
            blocks.Add(new JsonObject
            {
                ["type"] = "tool_use",
                ["id"] = "toolu_0",
                ["name"] = call!["name"]!.DeepClone(),
                ["input"] = call["arguments"]!.DeepClone(),
            });
        }

        return new JsonObject { ["role"] = role, ["content"] = blocks };
    }
}
