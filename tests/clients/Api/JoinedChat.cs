using System.Text;
using System.Text.Json;

namespace Glm5.Tests.Clients.Api;

/// <summary>A streamed chat put together as a client does it.</summary>
internal sealed record JoinedChat(
    string Content, string Reasoning, IReadOnlyList<(string Name, string Arguments)> Calls, string? FinishReason,
    int[] TokenIds)
{
    /// <summary>Joins chunks; they must be in the API's order.</summary>
    public static JoinedChat Of(IReadOnlyList<JsonElement> events)
    {
        StringBuilder content = new(), reasoning = new();
        List<(string Name, StringBuilder Arguments)> calls = [];
        List<int> ids = [];
        string? reason = null;
        Assert.AreEqual("assistant", events[0].At("choices", 0, "delta", "role").GetString());
        foreach (JsonElement choice in events.Select(e => e.At("choices", 0)))
        {
            Assert.IsNull(reason, "a chunk came after the one with finish_reason");
            JsonElement delta = choice.At("delta");
            if (delta.TryGetProperty("content", out JsonElement text))
                content.Append(text.GetString());
            if (delta.TryGetProperty("reasoning_content", out JsonElement thought))
            {
                Assert.AreEqual(thought.GetString(), delta.At("reasoning").GetString());
                reasoning.Append(thought.GetString());
            }

            if (delta.TryGetProperty("tool_calls", out JsonElement parts))
                Add(parts, calls);
            if (choice.TryGetProperty("token_ids", out JsonElement tokens))
                ids.AddRange(tokens.Ids());
            reason = choice.At("finish_reason").GetString();
        }

        (string, string)[] called = [.. calls.Select(call => (call.Name, call.Arguments.ToString()))];
        return new JoinedChat(content.ToString(), reasoning.ToString(), called, reason, [.. ids]);
    }

    private static void Add(JsonElement parts, List<(string Name, StringBuilder Arguments)> calls)
    {
        foreach (JsonElement part in parts.EnumerateArray())
        {
            int index = part.At("index").GetInt32();
            if (part.TryGetProperty("id", out JsonElement id))
            {
                Assert.AreEqual(calls.Count, index);
                Assert.AreNotEqual("", id.GetString());
                calls.Add((part.At("function", "name").GetString()!, new StringBuilder()));
            }

            calls[index].Arguments.Append(part.At("function", "arguments").GetString());
        }
    }
}
