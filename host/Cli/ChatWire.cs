using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Glm5.Host.Cli;

/// <summary>The JSON of a chat's requests and answers. What an answer lacks, or has in another type, counts as absent.</summary>
internal static class ChatWire
{
    /// <summary>A request for a streamed answer.</summary>
    public static HttpContent Question(string model, IReadOnlyList<ChatMessage> messages, ChatSettings settings)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
            Write(json, model, messages, settings);
        var content = new ReadOnlyMemoryContent(buffer.WrittenMemory);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    /// <summary>One event of the stream.</summary>
    /// <exception cref="ChatException">It is an error, or no JSON.</exception>
    public static ChatPiece Piece(string data)
    {
        using JsonDocument chunk = Parse(data);
        JsonElement root = chunk.RootElement;
        if (Find(root, "error", JsonValueKind.Object) is { } error)
            throw new ChatException(Text(error, "message"));
        JsonElement choice = First(root, "choices");
        JsonElement delta = Find(choice, "delta", JsonValueKind.Object) ?? default;
        string reasoning = Text(delta, "reasoning_content");
        string finish = Text(choice, "finish_reason");
        return new ChatPiece(
            reasoning.Length > 0 ? reasoning : Text(delta, "reasoning"),
            Text(delta, "content"),
            finish.Length > 0 ? finish : null,
            Find(root, "usage", JsonValueKind.Object) is { } usage ? Count(usage, "completion_tokens") : null);
    }

    /// <summary>The name of the first model in a list.</summary>
    /// <exception cref="ChatException">There is none.</exception>
    public static string FirstModel(string body)
    {
        using JsonDocument models = Parse(body);
        return Text(First(models.RootElement, "data"), "id") is { Length: > 0 } name
            ? name
            : throw new ChatException("the server lists no model");
    }

    /// <summary>How far a server is that cannot answer yet, in words.</summary>
    /// <exception cref="ChatException">It will not answer.</exception>
    public static string Loading(string body)
    {
        using JsonDocument health = Parse(body);
        JsonElement root = health.RootElement;
        string phase = Text(root, "phase");
        return Text(root, "status") switch
        {
            "failed" => throw new ChatException($"the server could not load its model: {Text(root, "failure")}"),
            "draining" => throw new ChatException("the server is stopping"),
            _ => Find(root, "percent", JsonValueKind.Number) is { } percent ? $"{phase} {percent.GetDouble():F0} %" : phase,
        };
    }

    /// <summary>The message of an error; null where there is none.</summary>
    public static string? Refusal(string body)
    {
        try
        {
            using JsonDocument answer = JsonDocument.Parse(body);
            string message = Find(answer.RootElement, "error", JsonValueKind.Object) is { } error ? Text(error, "message") : "";
            return message.Length > 0 ? message : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Write(
        Utf8JsonWriter json, string model, IReadOnlyList<ChatMessage> messages, ChatSettings settings)
    {
        json.WriteStartObject();
        json.WriteString("model", model);
        json.WriteStartArray("messages");
        foreach (ChatMessage message in messages)
        {
            json.WriteStartObject();
            json.WriteString("role", message.Role);
            json.WriteString("content", message.Content);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteBoolean("stream", true);
        json.WriteStartObject("stream_options");
        json.WriteBoolean("include_usage", true);
        json.WriteEndObject();
        if (settings.Temperature is { } temperature)
            json.WriteNumber("temperature", temperature);
        if (settings.MaxTokens is { } most)
            json.WriteNumber("max_tokens", most);
        json.WriteStartObject("chat_template_kwargs");
        json.WriteBoolean("enable_thinking", settings.Thinking);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static JsonDocument Parse(string text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException exception)
        {
            throw new ChatException("the server's answer is not JSON; is the address right?", exception);
        }
    }

    private static JsonElement? Find(JsonElement element, string name, JsonValueKind kind) =>
        element.ValueKind == JsonValueKind.Object
        && element.TryGetProperty(name, out JsonElement found)
        && found.ValueKind == kind ? found : null;

    private static JsonElement First(JsonElement element, string name) =>
        Find(element, name, JsonValueKind.Array) is { } list && list.GetArrayLength() > 0 ? list[0] : default;

    private static string Text(JsonElement element, string name) =>
        Find(element, name, JsonValueKind.String)?.GetString() ?? "";

    private static int? Count(JsonElement element, string name) =>
        Find(element, name, JsonValueKind.Number) is { } found && found.TryGetInt32(out int count) ? count : null;
}
