using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Glm5.Host.Cli;

/// <summary>The few requests that a chat makes of a server. It speaks OpenAI's API, so other servers will do as well.</summary>
internal sealed class ChatClient : IDisposable
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(300);

    private readonly HttpClient _http;

    /// <summary>A client.</summary>
    /// <param name="server">The server's address, with or without <c>/v1</c>.</param>
    /// <param name="key">The API key; null for none.</param>
    /// <param name="way">How requests travel; null for the network.</param>
    public ChatClient(Uri server, string? key, HttpMessageHandler? way = null)
    {
        string path = server.GetLeftPart(UriPartial.Path).TrimEnd('/');
        if (path.EndsWith("/v1", StringComparison.Ordinal))
            path = path[..^3];
        _http = new HttpClient(way ?? new SocketsHttpHandler()) { BaseAddress = new Uri(path + "/"), Timeout = Timeout.InfiniteTimeSpan };
        if (key is not null)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Waits while the server loads its model, and returns the model's name.</summary>
    /// <param name="tell">Told how far loading is.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="ChatException">No server, or its model could not be loaded.</exception>
    public async Task<string> WaitUntilReadyAsync(Action<string> tell, CancellationToken cancel)
    {
        while (await LoadingAsync(cancel) is { } progress)
        {
            tell(progress);
            await Task.Delay(BetweenLooks, TimeProvider.System, cancel);
        }

        using HttpResponseMessage response = await SendAsync(new HttpRequestMessage(HttpMethod.Get, "v1/models"), cancel);
        using JsonDocument models = await ParseAsync(response, cancel);
        return Find(models.RootElement, "data") is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0
            ? Text(list[0], "id")
            : throw new ChatException("the server lists no model");
    }

    /// <summary>Asks, and yields the answer as it comes.</summary>
    /// <exception cref="ChatException">The server refused, or the answer broke off.</exception>
    public async IAsyncEnumerable<ChatPiece> AskAsync(
        string model, IReadOnlyList<ChatMessage> messages, ChatSettings settings, [EnumeratorCancellation] CancellationToken cancel)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "v1/chat/completions") { Content = Body(model, messages, settings) };
        using HttpResponseMessage response = await SendAsync(request, cancel);
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancel);
        await using IAsyncEnumerator<SseItem<string>> events = SseParser.Create(stream).EnumerateAsync(cancel).GetAsyncEnumerator(cancel);
        while (await NextAsync(events))
        {
            if (events.Current.Data == "[DONE]")
                yield break;
            yield return Piece(events.Current.Data);
        }

        throw new ChatException("the answer broke off: the server closed the connection");
    }

    public void Dispose() => _http.Dispose();

    /// <summary>How far loading is; null when it is over. A server without this endpoint counts as ready.</summary>
    private async Task<string?> LoadingAsync(CancellationToken cancel)
    {
        using HttpResponseMessage response = await SendAsync(new HttpRequestMessage(HttpMethod.Get, "health"), cancel, refuse: false);
        if (response.StatusCode != HttpStatusCode.ServiceUnavailable)
            return null;
        using JsonDocument health = await ParseAsync(response, cancel);
        return Text(health.RootElement, "status") switch
        {
            "failed" => throw new ChatException($"the server could not load its model: {Text(health.RootElement, "failure")}"),
            "draining" => throw new ChatException("the server is stopping"),
            _ => Find(health.RootElement, "percent") is { ValueKind: JsonValueKind.Number } percent
                ? $"{Text(health.RootElement, "phase")} {percent.GetDouble():F0} %"
                : Text(health.RootElement, "phase"),
        };
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel, bool refuse = true)
    {
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        }
        catch (HttpRequestException exception)
        {
            throw new ChatException($"no server answers at {_http.BaseAddress}: {exception.Message}", exception);
        }

        if (response.IsSuccessStatusCode || !refuse)
            return response;
        using (response)
        {
            throw new ChatException(Refusal(await response.Content.ReadAsStringAsync(cancel)) ?? $"the server answered with HTTP {(int)response.StatusCode}");
        }
    }

    private static async Task<bool> NextAsync(IAsyncEnumerator<SseItem<string>> events)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            throw new ChatException("the answer broke off: the connection was lost", exception);
        }
    }

    private static ReadOnlyMemoryContent Body(string model, IReadOnlyList<ChatMessage> messages, ChatSettings settings)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
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

        return new ReadOnlyMemoryContent(buffer.WrittenMemory) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
    }

    private static ChatPiece Piece(string data)
    {
        using JsonDocument chunk = Parse(data);
        JsonElement root = chunk.RootElement;
        if (Find(root, "error") is { } error)
            throw new ChatException(Text(error, "message"));
        int? tokens = Find(root, "usage") is { } usage && Find(usage, "completion_tokens") is { } count ? count.GetInt32() : null;
        if (Find(root, "choices") is not { ValueKind: JsonValueKind.Array } choices || choices.GetArrayLength() == 0)
            return new ChatPiece("", "", null, tokens);
        JsonElement choice = choices[0];
        JsonElement delta = Find(choice, "delta") ?? default;
        string reasoning = Text(delta, "reasoning_content") is { Length: > 0 } text ? text : Text(delta, "reasoning");
        return new ChatPiece(reasoning, Text(delta, "content"), Text(choice, "finish_reason") is { Length: > 0 } finish ? finish : null, tokens);
    }

    private static string? Refusal(string body)
    {
        try
        {
            using JsonDocument answer = JsonDocument.Parse(body);
            return Find(answer.RootElement, "error") is { } error && Text(error, "message") is { Length: > 0 } message ? message : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static async Task<JsonDocument> ParseAsync(HttpResponseMessage response, CancellationToken cancel) =>
        Parse(await response.Content.ReadAsStringAsync(cancel));

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

    /// <summary>A member of an object that is there and not null.</summary>
    private static JsonElement? Find(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement found) && found.ValueKind != JsonValueKind.Null
            ? found
            : null;

    private static string Text(JsonElement element, string name) =>
        Find(element, name) is { ValueKind: JsonValueKind.String } found ? found.GetString()! : "";
}
