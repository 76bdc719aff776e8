using System.Text;
using System.Text.Json;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Responses;

/// <summary>A streamed response followed event by event, with every rule of their order checked.</summary>
internal sealed class ResponseEvents
{
    private readonly StringBuilder _text = new();
    private readonly List<string> _items = [];
    private JsonElement? _open;
    private bool _hasPart;

    /// <summary>The last event's response, which holds all.</summary>
    public static JsonElement Follow(IReadOnlyList<JsonElement> events)
    {
        for (int i = 0; i < events.Count; i++)
            Assert.AreEqual(i, events[i].At("sequence_number").GetInt32());
        Assert.AreEqual("response.created", TypeOf(events[0]));
        Assert.AreEqual("response.in_progress", TypeOf(events[1]));
        Assert.AreEqual("in_progress", events[1].At("response", "status").GetString());
        var follower = new ResponseEvents();
        foreach (JsonElement data in events.Skip(2).SkipLast(1))
            follower.Take(data);
        Assert.IsNull(follower._open, "an item was not done");
        JsonElement response = events[^1].At("response");
        Assert.AreEqual($"response.{response.At("status")}", TypeOf(events[^1]));
        CollectionAssert.AreEqual(
            follower._items, response.At("output").EnumerateArray().Select(item => item.GetRawText()).ToList());
        return response;
    }

    /// <summary>What a response holds, in one line.</summary>
    public static string Describe(JsonElement response)
    {
        IEnumerable<string> items = response.At("output").EnumerateArray().Select(item => TypeOf(item) switch
        {
            "function_call" => $"{item.At("name")}{item.At("arguments")}",
            "message" => $"message[{item.At("content", 0, "text")}]",
            _ => $"reasoning[{item.At("content", 0, "text")}]",
        });
        return string.Join(' ', [.. items, response.At("status").ToString(), response.At("usage", "total_tokens").ToString()]);
    }

    private void Take(JsonElement data)
    {
        Assert.AreEqual(_items.Count, data.At("output_index").GetInt32());
        string type = TypeOf(data);
        if (type == "response.output_item.added")
        {
            Assert.IsNull(_open);
            _open = data.At("item");
            _hasPart = false;
            _text.Clear();
            Assert.AreEqual("in_progress", _open.Value.At("status").GetString());
            return;
        }

        string id = _open!.Value.At("id").GetString()!;
        if (type == "response.output_item.done")
        {
            Assert.AreEqual(id, data.At("item", "id").GetString());
            _items.Add(data.At("item").GetRawText());
            _open = null;
            return;
        }

        Assert.AreEqual(id, data.At("item_id").GetString());
        TakeContent(type, data);
    }

    private void TakeContent(string type, JsonElement data)
    {
        string kind = TypeOf(_open!.Value);
        switch (type)
        {
            case "response.content_part.added":
                Assert.IsFalse(_hasPart);
                _hasPart = true;
                break;
            case "response.content_part.done":
                Assert.AreEqual(_text.ToString(), data.At("part", "text").GetString());
                break;
            case "response.function_call_arguments.done":
                Assert.AreEqual(_text.ToString(), data.At("arguments").GetString());
                break;
            case "response.output_text.done" or "response.reasoning_text.done":
                Assert.AreEqual(_text.ToString(), data.At("text").GetString());
                break;
            default:
                Assert.AreEqual(kind != "function_call", _hasPart);
                Assert.AreEqual(
                    kind switch
                    {
                        "message" => "response.output_text.delta",
                        "reasoning" => "response.reasoning_text.delta",
                        _ => "response.function_call_arguments.delta",
                    },
                    type);
                _text.Append(data.At("delta").GetString());
                break;
        }
    }

    private static string TypeOf(JsonElement element) => element.At("type").GetString()!;
}
