using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace Glm5.Host.Cli;

/// <summary>
/// The few requests that a chat makes of a server. It speaks OpenAI's API, so other servers will do as well.
/// </summary>
internal sealed class ChatClient : IDisposable
{
    private static readonly TimeSpan s_betweenLooks = TimeSpan.FromMilliseconds(300);

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
        _http = new HttpClient(way ?? new SocketsHttpHandler())
        {
            BaseAddress = new Uri(path + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
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
            await Task.Delay(s_betweenLooks, TimeProvider.System, cancel);
        }

        using HttpResponseMessage response = await SendAsync(new HttpRequestMessage(HttpMethod.Get, "v1/models"), cancel);
        return ChatWire.FirstModel(await response.Content.ReadAsStringAsync(cancel));
    }

    /// <summary>Asks, and yields the answer as it comes.</summary>
    /// <exception cref="ChatException">The server refused, or the answer broke off.</exception>
    public async IAsyncEnumerable<ChatPiece> AskAsync(
        string model,
        IReadOnlyList<ChatMessage> messages,
        ChatSettings settings,
        [EnumeratorCancellation] CancellationToken cancel)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "v1/chat/completions")
        {
            Content = ChatWire.Question(model, messages, settings),
        };
        using HttpResponseMessage response = await SendAsync(request, cancel);
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancel);
        await using IAsyncEnumerator<SseItem<string>> events =
            SseParser.Create(stream).EnumerateAsync(cancel).GetAsyncEnumerator(cancel);
        while (await NextAsync(events))
        {
            if (events.Current.Data == "[DONE]")
                yield break;
            yield return ChatWire.Piece(events.Current.Data);
        }

        throw new ChatException("the answer broke off: the server closed the connection");
    }

    public void Dispose() => _http.Dispose();

    /// <summary>How far loading is; null when it is over. A server without this endpoint counts as ready.</summary>
    private async Task<string?> LoadingAsync(CancellationToken cancel)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "health");
        using HttpResponseMessage response = await SendAsync(request, cancel, refuse: false);
        return response.StatusCode == HttpStatusCode.ServiceUnavailable
            ? ChatWire.Loading(await response.Content.ReadAsStringAsync(cancel))
            : null;
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancel, bool refuse = true)
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
            string body = await response.Content.ReadAsStringAsync(cancel);
            throw new ChatException(
                ChatWire.Refusal(body) ?? $"the server answered with HTTP {(int)response.StatusCode}");
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
}
