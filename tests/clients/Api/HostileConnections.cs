using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;

namespace Glm5.Tests.Clients.Api;

/// <summary>What became of a hostile request.</summary>
internal enum Outcome
{
    /// <summary>A whole answer of HTTP.</summary>
    Answered,

    /// <summary>The connection was closed without one.</summary>
    Closed,
}

/// <summary>Bytes to send to a server, and how.</summary>
/// <param name="Bytes">All that is sent.</param>
/// <param name="Pieces">In how many pieces, a moment apart.</param>
/// <param name="HalfClose">Whether the sender then says that nothing more comes.</param>
/// <param name="Leave">Whether the sender then goes without reading.</param>
internal sealed record HostileRequest(byte[] Bytes, int Pieces, bool HalfClose, bool Leave);

/// <summary>Requests by chance that no client of good will sends: broken JSON, wrong types and sizes, odd text, broken framing.</summary>
internal static partial class HostileConnections
{
    private const string Good = """{"model": "glm5-nano", "prompt": "x", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2, "stream": false}""";

    private static readonly string[] s_paths =
    [
        "/v1/chat/completions", "/v1/completions", "/v1/messages", "/v1/messages/count_tokens", "/v1/responses", "/tokenize",
        "/detokenize", "/parse_function_call", "/separate_reasoning", "/health", "/metrics", "/", "/nothing", "/%00", "//", "/v1/../v1/models",
    ];

    private static readonly string[] s_methods = ["POST", "POST", "POST", "GET", "PUT", "OPTIONS", "TRACE", "post", "P\u00f6ST"];

    private static readonly string[] s_words =
    [
        "\0", "\ud83d\ude42", "\u202e", "\ufeff", "e\u0301", "<|assistant|>", "<tool_call>", "</think>", "{{ x }}", "{% for", "\\ud800", "\"",
        "}", "]", "1e999", "-0", "NaN", "[[[[[[[[", "\r\n\r\n", "%n%s", "../../etc/passwd", "' OR 1=1 --", "(a+)+$",
    ];

    private static readonly Gen<byte[]> s_body = Gen.Frequency(
        (3, Gen.Select(Gen.Int[0, Good.Length], Gen.Int[0, s_words.Length - 1]).Select((at, word) => Utf8(Good.Insert(at, s_words[word])))),
        (2, Gen.Int[0, Good.Length].Select(length => Utf8(Good[..length]))),
        (2, Gen.Select(Gen.Int[0, Good.Length - 1], Gen.Byte).Select((at, value) => Changed(Utf8(Good), at, value))),
        (1, Gen.Byte.Array[0, 200]),
        (1, Gen.Int[0, 300].Select(depth => Utf8(new string('[', depth) + new string(']', depth)))),
        (1, Gen.Int[0, 200_000].Select(length => Utf8($$"""{"prompt": "{{new string('a', length)}}", "max_tokens": 1}"""))),
        (1, Gen.Const(Utf8(Good))));

    private static readonly Gen<string> s_framing = Gen.Frequency(
        (6, Gen.Const("exact")), (1, Gen.Const("longer")), (1, Gen.Const("shorter")), (1, Gen.Const("chunked")), (1, Gen.Const("broken chunks")),
        (1, Gen.Const("none")), (1, Gen.Const("negative")), (1, Gen.Const("twice")), (1, Gen.Const("huge")));

    private static readonly Gen<string> s_header = Gen.Frequency(
        (6, Gen.Const("")),
        (1, Gen.Int[1, 60_000].Select(length => $"x-long: {new string('h', length)}\r\n")),
        (1, Gen.Int[1, 300].Select(count => string.Concat(Enumerable.Range(0, count).Select(i => $"x-{i}: y\r\n")))),
        (1, Gen.Const("x-request-id: \u00e9\u0001\r\n")), (1, Gen.Const("Authorization: Bearer \u00ff\r\n")),
        (1, Gen.Const("Origin: null\r\n")), (1, Gen.Const("Expect: 100-continue\r\n")), (1, Gen.Const("no colon here\r\n")),
        (1, Gen.Const("traceparent: 00-x-y-z\r\n")), (1, Gen.Const("Content-Encoding: gzip\r\n")));

    /// <summary>Such requests.</summary>
    public static Gen<HostileRequest> Requests { get; } =
        from path in Gen.Int[0, s_paths.Length - 1]
        from method in Gen.Int[0, s_methods.Length - 1]
        from body in s_body
        from framing in s_framing
        from header in s_header
        from pieces in Gen.Frequency((8, Gen.Const(1)), (1, Gen.Int[2, 6]))
        from halfClose in Gen.Bool
        from leave in Gen.Int[0, 9]
        select new HostileRequest(Bytes(s_methods[method], s_paths[path], header, framing, body), pieces, halfClose, leave == 0);

    /// <summary>
    /// Sends one and reads what comes back. A request that is not whole and whose sender waits is left to the server's own
    /// time limits, which other tests hold; so such a sender leaves.
    /// </summary>
    public static async Task<Outcome> SendAsync(Uri server, HostileRequest request)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(server.Host, server.Port, patience.Token);
        NetworkStream stream = client.GetStream();
        try
        {
            for (int piece = 0; piece < request.Pieces; piece++)
            {
                int from = request.Bytes.Length * piece / request.Pieces, to = request.Bytes.Length * (piece + 1) / request.Pieces;
                await stream.WriteAsync(request.Bytes.AsMemory(from, to - from), patience.Token);
                if (request.Pieces > 1)
                    await Task.Delay(2, patience.Token);
            }

            if (request.Leave)
                return Outcome.Closed;
            if (request.HalfClose)
                client.Client.Shutdown(SocketShutdown.Send);
            return await ReadAsync(stream, mayWait: !request.HalfClose, patience.Token);
        }
        catch (IOException)
        {
            return Outcome.Closed; // By a reset, which says the same.
        }
    }

    private static async Task<Outcome> ReadAsync(NetworkStream stream, bool mayWait, CancellationToken patience)
    {
        using var moment = CancellationTokenSource.CreateLinkedTokenSource(patience);
        if (mayWait)
            moment.CancelAfter(TimeSpan.FromMilliseconds(250));
        byte[] buffer = new byte[4096];
        var text = new StringBuilder();
        try
        {
            while (await stream.ReadAsync(buffer, moment.Token) is > 0 and var read)
            {
                if (text.Length < 100_000)
                    text.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
        }
        catch (OperationCanceledException) when (!patience.IsCancellationRequested)
        {
            // A kept connection, or one that waits for the rest.
        }

        if (text.Length == 0)
            return Outcome.Closed;
        Match status = StatusLine().Match(text.ToString());
        Assert.IsTrue(status.Success, text.ToString());
        int code = int.Parse(status.Groups[1].Value);
        Assert.IsTrue(code is < 500 or 503 or 505 or 501, text.ToString());
        return Outcome.Answered;
    }

    private static byte[] Bytes(string method, string path, string header, string framing, byte[] body)
    {
        string length = framing switch
        {
            "longer" => $"Content-Length: {body.Length + 50}\r\n",
            "shorter" => $"Content-Length: {body.Length / 2}\r\n",
            "chunked" or "broken chunks" => "Transfer-Encoding: chunked\r\n",
            "none" => "",
            "negative" => "Content-Length: -1\r\n",
            "twice" => $"Content-Length: {body.Length}\r\nContent-Length: {body.Length + 1}\r\n",
            "huge" => "Content-Length: 99999999999\r\n",
            _ => $"Content-Length: {body.Length}\r\n",
        };
        byte[] head = Encoding.Latin1.GetBytes(
            $"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{header}{length}\r\n");
        return framing switch
        {
            "chunked" => [.. head, .. Utf8($"{body.Length:x}\r\n"), .. body, .. body.Length > 0 ? "\r\n0\r\n\r\n"u8 : "\r\n"u8],
            "broken chunks" => [.. head, .. Utf8("fffffffffffff\r\n"), .. body],
            _ => [.. head, .. body],
        };
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Changed(byte[] bytes, int at, byte value)
    {
        bytes[at] = value;
        return bytes;
    }

    [GeneratedRegex(@"\AHTTP/1\.1 (\d{3}) ")]
    private static partial Regex StatusLine();
}
