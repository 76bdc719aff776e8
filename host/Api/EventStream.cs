using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;

namespace Glm5.Host.Api;

/// <summary>
/// Server-sent events of JSON, written straight into the response's pipe. One writer is used for all events of a
/// response; a client that reads slowly holds its own answer back, and one that stops reading is cut off by Kestrel's
/// least rate.
/// </summary>
internal sealed class EventStream : IDisposable
{
    /// <summary>Bytes that are worth a packet of their own.</summary>
    private const int FullBytes = 4096;

    private readonly HttpResponse _response;
    private readonly PipeWriter _pipe;
    private readonly Utf8JsonWriter _json;
    private bool _hasUnsent;

    public EventStream(HttpContext http)
    {
        _response = http.Response;
        _pipe = _response.BodyWriter;
        _json = JsonText.To(_pipe);
    }

    /// <summary>Sets the headers; the first event sends them.</summary>
    public void Open()
    {
        _response.ContentType = "text/event-stream; charset=utf-8";
        _response.Headers.CacheControl = "no-cache";
        _response.Headers["X-Accel-Buffering"] = "no"; // nginx would collect events otherwise.
    }

    /// <summary>Where whole events can be written by themselves.</summary>
    public IBufferWriter<byte> Output
    {
        get
        {
            _hasUnsent = true;
            return _pipe;
        }
    }

    /// <summary>Begins an event; the caller writes one JSON value.</summary>
    public Utf8JsonWriter Begin()
    {
        Output.Write("data: "u8);
        _json.Reset();
        return _json;
    }

    /// <summary>
    /// Begins an event that has a name, as an object whose <c>type</c> says it too; the caller ends the object.
    /// </summary>
    public Utf8JsonWriter Begin(JsonEncodedText type)
    {
        Output.Write("event: "u8);
        _pipe.Write(type.EncodedUtf8Bytes);
        _pipe.Write("\ndata: "u8);
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteString(Names.Type, type);
        return _json;
    }

    /// <summary>Ends the event.</summary>
    public void End()
    {
        _json.Flush();
        _pipe.Write("\n\n"u8);
    }

    /// <summary>Sends what was written, and waits while the client is behind.</summary>
    /// <exception cref="ClientGoneException">It has.</exception>
    public ValueTask SendAsync(CancellationToken cancel)
    {
        _hasUnsent = false;
        ValueTask<FlushResult> sent = _pipe.FlushAsync(cancel);
        if (!sent.IsCompletedSuccessfully)
            return AwaitAsync(sent);
        RequireClient(sent.Result);
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Sends what was written since the last time, if anything; where <paramref name="more"/> is about to be written, a
    /// little may wait for it and share its packet.
    /// </summary>
    /// <exception cref="ClientGoneException">It has.</exception>
    public ValueTask SendWhenDueAsync(bool more, CancellationToken cancel) =>
        !_hasUnsent || (more && _pipe.UnflushedBytes < FullBytes) ? ValueTask.CompletedTask : SendAsync(cancel);

    private static async ValueTask AwaitAsync(ValueTask<FlushResult> sent) => RequireClient(await sent);

    private static void RequireClient(FlushResult sent)
    {
        if (sent.IsCompleted)
            throw new ClientGoneException();
    }

    /// <summary>Sends a comment, which clients skip and proxies count as life.</summary>
    public ValueTask PingAsync(CancellationToken cancel)
    {
        _pipe.Write(": ping\n\n"u8);
        return SendAsync(cancel);
    }

    /// <summary>Ends the stream with the mark that clients wait for.</summary>
    public ValueTask CloseAsync(CancellationToken cancel)
    {
        _pipe.Write("data: [DONE]\n\n"u8);
        return SendAsync(cancel);
    }

    /// <summary>Ends the stream with an error: its status was sent long ago.</summary>
    public ValueTask FailAsync(ApiException error, CancellationToken cancel)
    {
        JsonSerializer.Serialize(Begin(), ErrorAnswers.Body(error), WireJson.Readable.ErrorAnswer);
        End();
        return CloseAsync(cancel);
    }

    public void Dispose() => _json.Dispose();
}
