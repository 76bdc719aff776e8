using System.Text;
using System.Text.Json;

namespace Glm5.Host.Api.Anthropic;

/// <summary>
/// An assistant's message of earlier in the conversation. Texts are put together as they were given out, so that the
/// prompt repeats the answer to the letter.
/// </summary>
internal sealed class AssistantBlocks
{
    private readonly StringBuilder _reasoning = new();
    private readonly StringBuilder _text = new();
    private readonly List<(string Id, string Name, JsonElement Input)> _calls = [];

    private AssistantBlocks()
    {
    }

    /// <summary>Reads a message's content.</summary>
    public static AssistantBlocks Read(JsonElement content, string place)
    {
        var message = new AssistantBlocks();
        if (content.ValueKind == JsonValueKind.String)
        {
            message._text.Append(content.GetString());
            return message;
        }

        foreach (RequestFields block in MessagesInput.BlocksOf(content, place))
        {
            message.Add(block);
            block.RequireAllRead(MessagesFields.OfBlock);
        }

        return message;
    }

    /// <summary>Writes it as one message.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString(Names.Role, Names.Assistant);
        json.WriteString(Names.Content, _text.ToString());
        if (_reasoning.Length > 0)
            json.WriteString(Names.ReasoningContent, _reasoning.ToString());
        if (_calls.Count > 0)
            WriteCalls(json);
        json.WriteEndObject();
    }

    private void Add(RequestFields block)
    {
        switch (MessagesInput.TypeOf(block))
        {
            case "text":
                _text.Append(block.RequiredText("text"));
                break;
            case "thinking":
                _reasoning.Append(block.RequiredText("thinking"));
                block.Text("signature");
                break;
            case "redacted_thinking":
                // Another server's thought, which only that one can read.
                block.Text("data");
                break;
            case "tool_use":
                JsonElement input = block.Required("input", "an object");
                if (input.ValueKind != JsonValueKind.Object)
                    throw block.Wrong("input", "an object", input);
                _calls.Add((block.RequiredText("id"), block.RequiredText("name"), input));
                break;
            default:
                throw MessagesInput.Unreadable(block);
        }
    }

    private void WriteCalls(Utf8JsonWriter json)
    {
        json.WriteStartArray(Names.ToolCalls);
        foreach ((string id, string name, JsonElement input) in _calls)
        {
            json.WriteStartObject();
            json.WriteString(Names.Id, id);
            json.WriteString(Names.Type, Names.Function);
            json.WriteStartObject(Names.Function);
            json.WriteString(Names.Name, name);
            json.WritePropertyName(Names.Arguments);
            input.WriteTo(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
