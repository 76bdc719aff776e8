using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Glm5.Host.Api.Responses;

/// <summary>
/// Instructions and input items, written as the messages that templates expect. What the assistant thought, said and
/// called without anyone else between is one message.
/// </summary>
internal sealed class ResponsesInput
{
    private const string Content = "a string or an array of text parts";

    private readonly Utf8JsonWriter _json;
    private AssistantTurn? _turn;

    private ResponsesInput(Utf8JsonWriter json) => _json = json;

    /// <summary>Reads <c>instructions</c> and <c>input</c>; the result lives on its own.</summary>
    public static JsonElement Read(RequestFields fields)
    {
        JsonElement input = fields.Required("input", "a string or an array of items");
        if (input.ValueKind is not (JsonValueKind.String or JsonValueKind.Array))
            throw fields.Wrong("input", "a string or an array of items", input);
        if (input.ValueKind == JsonValueKind.Array && input.GetArrayLength() == 0)
            throw RequestFields.Wrong("input", "at least one item", "none");
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (Utf8JsonWriter json = JsonText.To(buffer))
        {
            json.WriteStartArray();
            var messages = new ResponsesInput(json);
            if (fields.Text("instructions") is { Length: > 0 } instructions)
                messages.Write("system", instructions);
            messages.Add(input);
            messages.EndTurn();
            json.WriteEndArray();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private void Add(JsonElement input)
    {
        if (input.ValueKind == JsonValueKind.String)
        {
            Write("user", input.GetString()!);
            return;
        }

        int i = 0;
        foreach (JsonElement item in input.EnumerateArray())
        {
            string place = $"input[{i++}]";
            if (item.ValueKind != JsonValueKind.Object)
                throw RequestFields.Wrong(place, "an object with type", JsonWords.Show(item));
            var fields = new RequestFields(item, place);
            AddItem(fields);
            fields.RequireAllRead(ResponsesFields.OfItem);
        }
    }

    private void AddItem(RequestFields item)
    {
        switch (item.Text("type") ?? "message")
        {
            case "message":
                AddMessage(item);
                break;
            case "reasoning":
                Turn().Reason(ReasoningOf(item));
                break;
            case "function_call":
                string arguments = item.Text("arguments") ?? "";
                Turn().Call(
                    item.RequiredText("call_id"), ResponsesTools.Join(item.Text("namespace"), item.RequiredText("name")),
                    ChatMessages.ParseArguments(arguments, item.PathOf("arguments")));
                break;
            case "function_call_output":
                AddOutput(item);
                break;
            case { } type:
                throw ApiException.NotImplemented(
                    item.PathOf("type"),
                    $"{item.PathOf("type")} '{type}' is not implemented; items are message, reasoning, function_call "
                    + "and function_call_output");
        }
    }

    private void AddMessage(RequestFields item)
    {
        string role = item.RequiredText("role");
        string text = TextOf(item.Required("content", Content), item.PathOf("content"));
        switch (role)
        {
            case "assistant":
                Turn().Say(text);
                break;
            case "user":
                Write(role, text);
                break;
            case "system" or "developer":
                Write("system", text);
                break;
            default:
                throw RequestFields.Wrong(item.PathOf("role"), "user, assistant, system or developer", $"\"{role}\"");
        }
    }

    private void AddOutput(RequestFields item)
    {
        EndTurn();
        string id = item.RequiredText("call_id");
        string text = TextOf(item.Required("output", Content), item.PathOf("output"));
        _json.WriteStartObject();
        _json.WriteString(Names.Role, "tool");
        _json.WriteString("tool_call_id"u8, id);
        _json.WriteString(Names.Content, text);
        _json.WriteEndObject();
    }

    // Another server's reasoning may be encrypted, with nothing to read here.
    private static string ReasoningOf(RequestFields item)
    {
        var text = new StringBuilder();
        if (!item.TryGet("content", out JsonElement parts))
            return "";
        if (parts.ValueKind != JsonValueKind.Array)
            throw item.Wrong("content", "an array of reasoning_text parts", parts);
        int i = 0;
        foreach (JsonElement part in parts.EnumerateArray())
        {
            string place = $"{item.PathOf("content")}[{i++}]";
            if (part.ValueKind != JsonValueKind.Object)
                throw RequestFields.Wrong(place, "an object with type and text", JsonWords.Show(part));
            var fields = new RequestFields(part, place);
            string type = fields.RequiredText("type");
            if (type != "reasoning_text")
                throw RequestFields.Wrong($"{place}.type", "reasoning_text", $"\"{type}\"");
            text.Append(fields.RequiredText("text"));
            fields.RequireAllRead();
        }

        return text.ToString();
    }

    private static string TextOf(JsonElement content, string place) => content.ValueKind switch
    {
        JsonValueKind.String => content.GetString()!,
        JsonValueKind.Array => ChatMessages.JoinParts(content, place),
        _ => throw RequestFields.Wrong(place, Content, JsonWords.Show(content)),
    };

    private AssistantTurn Turn() => _turn ??= new AssistantTurn();

    private void EndTurn()
    {
        _turn?.Write(_json);
        _turn = null;
    }

    private void Write(string role, string text)
    {
        EndTurn();
        _json.WriteStartObject();
        _json.WriteString(Names.Role, role);
        _json.WriteString(Names.Content, text);
        _json.WriteEndObject();
    }
}
