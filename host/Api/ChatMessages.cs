using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Glm5.Host.Api;

/// <summary>
/// Checks the messages of a chat and gives them the one form that templates expect: content is a string, arguments of
/// tool calls are objects, reasoning is called <c>reasoning_content</c>, and <c>developer</c> is <c>system</c>. Fields
/// that this server does not know stay: clients send back what other servers gave them, and templates take what they
/// know.
/// </summary>
internal static class ChatMessages
{
    /// <summary>Arguments are put five levels deep into the messages, which have the depth of a body in all.</summary>
    private const int DepthOfArguments = RequestBody.Depth - 5;

    private static readonly JsonElement s_noArguments = JsonElement.Parse("{}"u8);

    /// <summary>The messages in that form; they live on their own.</summary>
    public static JsonElement Normalise(JsonElement messages)
    {
        if (messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
        {
            throw RequestFields.Wrong(
                "messages", "an array of at least one message",
                messages.ValueKind == JsonValueKind.Array ? "an empty one" : JsonWords.Show(messages));
        }

        var buffer = new ArrayBufferWriter<byte>(4096);
        using (Utf8JsonWriter writer = JsonText.To(buffer))
        {
            writer.WriteStartArray();
            int i = 0;
            foreach (JsonElement message in messages.EnumerateArray())
                WriteMessage(writer, message, $"messages[{i++}]");
            writer.WriteEndArray();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static void WriteMessage(Utf8JsonWriter writer, JsonElement message, string place)
    {
        if (message.ValueKind != JsonValueKind.Object)
            throw RequestFields.Wrong(place, "an object with role and content", JsonWords.Show(message));
        string role = ReadRole(message, place);
        writer.WriteStartObject();
        writer.WriteString("role", role);
        WriteContent(writer, message, role, place);
        WriteReasoning(writer, message, place);
        foreach (JsonProperty field in message.EnumerateObject())
        {
            switch (field.Name)
            {
                case "role" or "content" or "reasoning" or "reasoning_content":
                    break;
                case "tool_calls" when field.Value.ValueKind != JsonValueKind.Null:
                    WriteToolCalls(writer, field.Value, role, $"{place}.tool_calls");
                    break;
                case "function_call" or "audio" when field.Value.ValueKind != JsonValueKind.Null:
                    throw ApiException.NotImplemented(
                        $"{place}.{field.Name}",
                        $"{place}.{field.Name} is not implemented; messages are text and tool_calls");
                default:
                    field.WriteTo(writer);
                    break;
            }
        }

        writer.WriteEndObject();
    }

    private static string ReadRole(JsonElement message, string place)
    {
        const string Expected = "system, developer, user, assistant or tool";
        if (!message.TryGetProperty("role", out JsonElement value))
        {
            throw ApiException.Invalid(
                $"{place}.role", $"{place}.role is missing; expected {Expected}", "missing_field");
        }

        string? role = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return role switch
        {
            "system" or "user" or "assistant" or "tool" => role,
            "developer" => "system",
            _ => throw RequestFields.Wrong($"{place}.role", Expected, JsonWords.Show(value)),
        };
    }

    private static void WriteContent(Utf8JsonWriter writer, JsonElement message, string role, string place)
    {
        bool isThere = message.TryGetProperty("content", out JsonElement content)
            && content.ValueKind != JsonValueKind.Null;
        if (!isThere)
        {
            if (role != "assistant")
            {
                throw ApiException.Invalid(
                    $"{place}.content", $"{place}.content is missing; expected a string or an array of text parts",
                    "missing_field");
            }

            writer.WriteNull("content");
            return;
        }

        switch (content.ValueKind)
        {
            case JsonValueKind.String:
                writer.WritePropertyName("content");
                content.WriteTo(writer);
                break;
            case JsonValueKind.Array:
                writer.WriteString("content", JoinParts(content, $"{place}.content"));
                break;
            default:
                throw RequestFields.Wrong(
                    $"{place}.content", "a string or an array of text parts", JsonWords.Show(content));
        }
    }

    /// <summary>The text of an array of parts. Not every template can read parts; those that can join them
    /// so.</summary>
    public static string JoinParts(JsonElement parts, string place)
    {
        var text = new StringBuilder();
        int i = 0;
        foreach (JsonElement part in parts.EnumerateArray())
        {
            string partPlace = $"{place}[{i++}]";
            if (part.ValueKind == JsonValueKind.String)
            {
                text.Append(part.GetString());
                continue;
            }

            if (part.ValueKind != JsonValueKind.Object)
                throw RequestFields.Wrong(partPlace, "an object with type and text", JsonWords.Show(part));
            var fields = new RequestFields(part, partPlace);
            string type = fields.Text("type") ?? "text";
            if (type is not ("text" or "input_text" or "output_text" or "refusal"))
            {
                throw ApiException.NotImplemented(
                    $"{partPlace}.type", $"{partPlace}.type '{type}' is not implemented; this model reads text");
            }

            string name = type == "refusal" ? "refusal" : "text";
            text.Append(
                fields.Text(name)
                ?? throw ApiException.Invalid(
                    $"{partPlace}.{name}", $"{partPlace}.{name} is missing; expected a string", "missing_field"));
        }

        return text.ToString();
    }

    private static void WriteReasoning(Utf8JsonWriter writer, JsonElement message, string place)
    {
        var fields = new RequestFields(message, place);
        string? reasoning = fields.Text("reasoning_content") ?? fields.Text("reasoning");
        if (reasoning is not null)
            writer.WriteString("reasoning_content", reasoning);
    }

    private static void WriteToolCalls(Utf8JsonWriter writer, JsonElement calls, string role, string place)
    {
        if (calls.ValueKind != JsonValueKind.Array)
            throw RequestFields.Wrong(place, "an array of tool calls", JsonWords.Show(calls));
        if (role != "assistant" && calls.GetArrayLength() > 0)
        {
            throw ApiException.Invalid(
                place, $"{place}: only an assistant's message calls tools, this one's role is {role}", "invalid_value");
        }

        writer.WriteStartArray("tool_calls");
        int i = 0;
        foreach (JsonElement call in calls.EnumerateArray())
            WriteToolCall(writer, call, $"{place}[{i++}]");
        writer.WriteEndArray();
    }

    private static void WriteToolCall(Utf8JsonWriter writer, JsonElement call, string place)
    {
        if (call.ValueKind != JsonValueKind.Object)
            throw RequestFields.Wrong(place, "an object with id, type and function", JsonWords.Show(call));
        var fields = new RequestFields(call, place);
        // Hugging Face's form has name and arguments in the call itself.
        bool isFlat = !fields.TryGet("function", out JsonElement function) && fields.TryGet("name", out _);
        if (isFlat)
            function = call;
        if (function.ValueKind != JsonValueKind.Object)
        {
            throw RequestFields.Wrong(
                $"{place}.function", "an object with name and arguments",
                function.ValueKind == JsonValueKind.Undefined ? "nothing" : JsonWords.Show(function));
        }

        string functionPlace = isFlat ? place : $"{place}.function";
        var inner = new RequestFields(function, functionPlace);
        string name = inner.Text("name")
            ?? throw ApiException.Invalid(
                $"{functionPlace}.name", $"{functionPlace}.name is missing; expected a string", "missing_field");
        writer.WriteStartObject();
        if (fields.Text("id") is { } id)
            writer.WriteString("id", id);
        writer.WriteString("type", "function");
        writer.WriteStartObject("function");
        writer.WriteString("name", name);
        writer.WritePropertyName("arguments");
        WriteArguments(writer, inner, $"{functionPlace}.arguments");
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    // OpenAI's clients send the object as a JSON string, or nothing at all for a call without arguments.
    private static void WriteArguments(Utf8JsonWriter writer, RequestFields function, string place)
    {
        if (!function.TryGet("arguments", out JsonElement arguments))
            arguments = s_noArguments;
        if (arguments.ValueKind == JsonValueKind.String)
            arguments = ParseArguments(arguments.GetString()!, place);
        if (arguments.ValueKind != JsonValueKind.Object)
            throw RequestFields.Wrong(place, "a JSON object, or a string of one", JsonWords.Show(arguments));
        arguments.WriteTo(writer);
    }

    /// <summary>The object in a string of arguments; an empty string holds an empty one.</summary>
    public static JsonElement ParseArguments(string json, string place)
    {
        if (json.Length == 0)
            return s_noArguments;
        try
        {
            using JsonDocument document = RequestBody.Parse(Encoding.UTF8.GetBytes(json), DepthOfArguments);
            return document.RootElement.Clone();
        }
        catch (ApiException exception)
        {
            string reason = exception.Message.Replace("the body", "it", StringComparison.Ordinal);
            throw ApiException.Invalid(
                place, $"{place}: expected a string that holds a JSON object; {reason}", "invalid_value");
        }
    }
}
