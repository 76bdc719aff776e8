using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Glm5.Host.Api.Anthropic;

/// <summary>
/// A conversation in Anthropic's blocks, written as the messages that templates expect: tool results become messages of
/// their own, thinking becomes reasoning, tool_use becomes tool_calls.
/// </summary>
internal static class MessagesInput
{
    /// <summary>
    /// Claude Code's line about billing. It changes with every request, so as a part of the prompt it would keep
    /// every prefix from being found again; it says nothing to the model.
    /// </summary>
    private const string BillingLine = "x-anthropic-billing-header:";

    private const string Blocks = "a string or an array of blocks";

    /// <summary>Reads <c>system</c> and <c>messages</c>; the result lives on its own.</summary>
    public static (JsonElement Messages, bool EndsWithAssistant) Read(RequestFields fields)
    {
        JsonElement messages = fields.Required("messages", "an array of messages");
        if (messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
        {
            throw RequestFields.Wrong(
                "messages", "an array of at least one message",
                messages.ValueKind == JsonValueKind.Array ? "an empty one" : JsonWords.Show(messages));
        }

        var buffer = new ArrayBufferWriter<byte>(4096);
        string role = "";
        using (Utf8JsonWriter json = JsonText.To(buffer))
        {
            json.WriteStartArray();
            if (fields.TryGet("system", out JsonElement system) && TextOf(system, "system") is { Length: > 0 } text)
                WriteText(json, "system", text);
            int i = 0;
            foreach (JsonElement message in messages.EnumerateArray())
                role = WriteMessage(json, message, $"messages[{i++}]");
            json.WriteEndArray();
        }

        return (JsonElement.Parse(buffer.WrittenSpan), role == "assistant");
    }

    private static string WriteMessage(Utf8JsonWriter json, JsonElement message, string place)
    {
        if (message.ValueKind != JsonValueKind.Object)
            throw RequestFields.Wrong(place, "an object with role and content", JsonWords.Show(message));
        var fields = new RequestFields(message, place);
        string role = fields.RequiredText("role");
        JsonElement content = fields.Required("content", Blocks);
        if (content.ValueKind is not (JsonValueKind.String or JsonValueKind.Array))
            throw fields.Wrong("content", Blocks, content);
        fields.RequireAllRead();
        string contentPlace = $"{place}.content";
        switch (role)
        {
            case "user":
                WriteUser(json, content, contentPlace);
                break;
            case "assistant":
                ReadAssistant(content, contentPlace).Write(json);
                break;
            case "system":
                WriteText(json, role, TextOf(content, contentPlace));
                break;
            default:
                throw RequestFields.Wrong($"{place}.role", "user, assistant or system", $"\"{role}\"");
        }

        return role;
    }

    private static void WriteUser(Utf8JsonWriter json, JsonElement content, string place)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            WriteText(json, "user", content.GetString()!);
            return;
        }

        if (content.GetArrayLength() == 0)
            throw RequestFields.Wrong(place, "at least one block", "none");
        StringBuilder? text = null;
        foreach (RequestFields block in BlocksOf(content, place))
        {
            switch (TypeOf(block))
            {
                case "text":
                    AddText(text ??= new StringBuilder(), block.RequiredText("text"));
                    break;
                case "tool_result":
                    if (text is not null)
                        WriteText(json, "user", text.ToString());
                    text = null;
                    WriteResult(json, block);
                    break;
                default:
                    throw Unreadable(block);
            }

            block.RequireAllRead(MessagesFields.OfBlock);
        }

        if (text is not null)
            WriteText(json, "user", text.ToString());
    }

    private static AssistantTurn ReadAssistant(JsonElement content, string place)
    {
        var turn = new AssistantTurn();
        if (content.ValueKind == JsonValueKind.String)
        {
            turn.Say(content.GetString()!);
            return turn;
        }

        foreach (RequestFields block in BlocksOf(content, place))
        {
            AddAssistant(turn, block);
            block.RequireAllRead(MessagesFields.OfBlock);
        }

        return turn;
    }

    private static void AddAssistant(AssistantTurn turn, RequestFields block)
    {
        switch (TypeOf(block))
        {
            case "text":
                turn.Say(block.RequiredText("text"));
                break;
            case "thinking":
                turn.Reason(block.RequiredText("thinking"));
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
                turn.Call(block.RequiredText("id"), block.RequiredText("name"), input);
                break;
            default:
                throw Unreadable(block);
        }
    }

    private static void WriteResult(Utf8JsonWriter json, RequestFields block)
    {
        string id = block.RequiredText("tool_use_id");
        string text = block.TryGet("content", out JsonElement content) ? TextOf(content, block.PathOf("content")) : "";

        // The template has no word for a call that failed, so the text has to say it.
        if ((block.Flag("is_error") ?? false) && !text.Contains("error", StringComparison.OrdinalIgnoreCase))
            text = $"Error: {text}";
        json.WriteStartObject();
        json.WriteString(Names.Role, "tool");
        json.WriteString("tool_call_id", id);
        json.WriteString(Names.Content, text);
        json.WriteEndObject();
    }

    /// <summary>The text of a string or of blocks that are all text.</summary>
    private static string TextOf(JsonElement content, string place)
    {
        if (content.ValueKind == JsonValueKind.String)
            return content.GetString()!;
        if (content.ValueKind != JsonValueKind.Array)
            throw RequestFields.Wrong(place, Blocks, JsonWords.Show(content));
        var text = new StringBuilder();
        foreach (RequestFields block in BlocksOf(content, place))
        {
            if (TypeOf(block) != "text")
                throw Unreadable(block);
            string piece = block.RequiredText("text");
            if (!piece.StartsWith(BillingLine, StringComparison.Ordinal))
                AddText(text, piece);
            block.RequireAllRead(MessagesFields.OfBlock);
        }

        return text.ToString();
    }

    private static IEnumerable<RequestFields> BlocksOf(JsonElement content, string place)
    {
        int i = 0;
        foreach (JsonElement block in content.EnumerateArray())
        {
            string blockPlace = $"{place}[{i++}]";
            yield return block.ValueKind == JsonValueKind.Object
                ? new RequestFields(block, blockPlace)
                : throw RequestFields.Wrong(blockPlace, "an object with type", JsonWords.Show(block));
        }
    }

    private static string TypeOf(RequestFields block) => block.RequiredText("type");

    private static ApiException Unreadable(RequestFields block) => ApiException.NotImplemented(
        block.PathOf("type"),
        $"{block.PathOf("type")} '{TypeOf(block)}' is not implemented here; this model reads text, thinking, tool_use "
        + "and tool_result");

    // Blocks are texts of their own: without anything between them, the last word of one would run into the next.
    private static void AddText(StringBuilder text, string piece)
    {
        if (text.Length > 0 && piece.Length > 0 && !char.IsWhiteSpace(text[^1]) && !char.IsWhiteSpace(piece[0]))
            text.Append('\n');
        text.Append(piece);
    }

    private static void WriteText(Utf8JsonWriter json, string role, string text)
    {
        json.WriteStartObject();
        json.WriteString(Names.Role, role);
        json.WriteString(Names.Content, text);
        json.WriteEndObject();
    }
}
