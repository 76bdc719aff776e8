using System.Net;
using System.Text;

namespace Glm5.Tests.Clients.Terminal;

/// <summary>Answers a client's requests from a script, and keeps what was asked.</summary>
internal sealed class ScriptedWay : HttpMessageHandler
{
    private readonly Queue<(HttpStatusCode Status, string Body)> _answers = new();

    /// <summary>Bodies of the chat requests so far.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>The next chat request is answered by these deltas, as JSON, and ends well.</summary>
    public ScriptedWay Says(params string[] deltas) => Streams([
        .. deltas.Select(delta => $$"""{"choices":[{"index":0,"delta":{{delta}},"finish_reason":null}]}"""),
        """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""",
        """{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":7,"total_tokens":10}}""", "[DONE]"]);

    /// <summary>The next chat request is answered by these events.</summary>
    public ScriptedWay Streams(params string[] events) => Answers(HttpStatusCode.OK, string.Concat(events.Select(data => $"data: {data}\n\n")));

    /// <summary>The next chat request is answered by this.</summary>
    public ScriptedWay Answers(HttpStatusCode status, string body)
    {
        _answers.Enqueue((status, body));
        return this;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        switch (request.RequestUri!.AbsolutePath)
        {
            case "/health":
                return new HttpResponseMessage(HttpStatusCode.NotFound);
            case "/v1/models":
                return Response(HttpStatusCode.OK, """{"data":[{"id":"some-model"}]}""");
            default:
                Asked.Add(await request.Content!.ReadAsStringAsync(cancellationToken));
                (HttpStatusCode status, string body) = _answers.Dequeue();
                return Response(status, body);
        }
    }

    private static HttpResponseMessage Response(HttpStatusCode status, string body) =>
        new(status) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
}
