using System.Text;
using System.Text.Json;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Anthropic;

/// <summary>A streamed message put together as a client does it, with the order of its events checked.</summary>
internal static class MessageEvents
{
    /// <summary>Posts a request that asks for a stream, and returns the events' data; names and types agree.</summary>
    public static async Task<List<JsonElement>> NamedEventsAsync(this RunningServer server, string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await server.Http.PostAsync(path, content);
        string all = await response.Content.ReadAsStringAsync();
        Assert.IsTrue(response.IsSuccessStatusCode, all);
        Assert.AreEqual("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.EndsWith("\n\n", all);
        List<JsonElement> events = [];
        foreach (string lines in all[..^2].Split("\n\n"))
        {
            string[] halves = lines.Split("\ndata: ");
            JsonElement data = JsonElement.Parse(halves[1]);
            Assert.AreEqual($"event: {data.At("type").GetString()}", halves[0]);
            events.Add(data);
        }

        return events;
    }

    /// <summary>The whole message that events make, as the API would have sent it at once.</summary>
    public static string Join(IReadOnlyList<JsonElement> events)
    {
        Assert.AreEqual("message_start", TypeOf(events[0]));
        Assert.AreEqual("message_delta", TypeOf(events[^2]));
        Assert.AreEqual("message_stop", TypeOf(events[^1]));
        Assert.AreEqual(0, events[0].At("message", "content").GetArrayLength());
        List<string> blocks = [];
        JsonElement? open = null;
        StringBuilder text = new();
        foreach (JsonElement data in events.Skip(1).SkipLast(2).Where(e => TypeOf(e) != "ping"))
        {
            Assert.AreEqual(blocks.Count, data.At("index").GetInt32());
            switch (TypeOf(data))
            {
                case "content_block_start":
                    Assert.IsNull(open, "a block began inside of another");
                    open = data.At("content_block");
                    text.Clear();
                    break;
                case "content_block_delta":
                    text.Append(DeltaText(data.At("delta"), TypeOf(open!.Value)));
                    break;
                default:
                    Assert.AreEqual("content_block_stop", TypeOf(data));
                    blocks.Add(Describe(open!.Value, text.ToString()));
                    open = null;
                    break;
            }
        }

        Assert.IsNull(open, "a block was not closed");
        JsonElement delta = events[^2].At("delta");
        return string.Join(
            ' ', [.. blocks, delta.At("stop_reason").ToString(), events[^2].At("usage", "output_tokens").ToString()]);
    }

    /// <summary>The same line for a message that came at once.</summary>
    public static string Describe(JsonElement message)
    {
        IEnumerable<string> blocks = message.At("content").EnumerateArray().Select(block => Describe(block, TypeOf(block) switch
        {
            "text" => block.At("text").GetString()!,
            "thinking" => block.At("thinking").GetString()!,
            _ => block.At("input").GetRawText(),
        }));
        return string.Join(
            ' ', [.. blocks, message.At("stop_reason").ToString(), message.At("usage", "output_tokens").ToString()]);
    }

    /// <summary>Tokens of the prompt, whether they were computed or found in the prefix cache.</summary>
    public static int PromptTokens(JsonElement usage) =>
        usage.At("input_tokens").GetInt32() + usage.At("cache_read_input_tokens").GetInt32();

    private static string Describe(JsonElement block, string text) =>
        TypeOf(block) == "tool_use" ? $"{block.At("name")}{text}" : $"{TypeOf(block)}[{text}]";

    private static string DeltaText(JsonElement delta, string block)
    {
        (string kinds, string name) = TypeOf(delta) switch
        {
            "text_delta" => ("text", "text"),
            "thinking_delta" => ("thinking", "thinking"),
            "signature_delta" => ("thinking", "signature"),
            _ => ("tool_use", "partial_json"),
        };
        Assert.AreEqual(kinds, block);
        return delta.At(name).GetString()!;
    }

    private static string TypeOf(JsonElement element) => element.At("type").GetString()!;
}
