using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Glm5.Benchmarks.Load;

/// <summary>
/// Many streams read by one thread, in a process of its own: what it costs is a small part of what the server costs, and
/// none of it is in the server's collections.
/// </summary>
internal sealed class LoadClient : IDisposable
{
    private const string Question =
        "Please write the letters of the alphabet, one after the other, in the order in which the steps come.";

    private readonly StepClock _clock;
    private readonly LatencyHistogram _latencies = new();
    private readonly Dictionary<Socket, LoadStream> _streams = [];

    /// <summary>Connects, and asks on every connection.</summary>
    public LoadClient(Uri server, int streams, int answerTokens, string clockFile)
    {
        _clock = new StepClock(clockFile);
        for (int i = 0; i < streams; i++)
        {
            // Answers of different lengths, so that their ends are spread.
            var stream = new LoadStream(server, Request(server, answerTokens / 2 + (i * answerTokens / streams)));
            _streams.Add(stream.Socket, stream);
        }
    }

    /// <summary>Reads for a while.</summary>
    public LoadCounts Run(TimeSpan time)
    {
        _latencies.Clear();
        TimeSpan processor = Process.GetCurrentProcess().TotalProcessorTime;
        long began = Stopwatch.GetTimestamp(), tokens = 0;
        var ready = new List<Socket>(_streams.Count);
        while (Stopwatch.GetElapsedTime(began) < time)
        {
            ready.Clear();
            ready.AddRange(_streams.Keys);
            Socket.Select(ready, null, null, TimeSpan.FromMilliseconds(100));
            foreach (Socket socket in ready)
                tokens += _streams[socket].Read(_clock, _latencies);
            // A moment in which more arrives: looking costs the same for one ready stream and for all.
            Thread.Sleep(1);
        }

        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return new LoadCounts(
            tokens, seconds, _latencies.Milliseconds(0.5), _latencies.Milliseconds(0.99), _latencies.Milliseconds(0.999),
            (Process.GetCurrentProcess().TotalProcessorTime - processor).TotalSeconds / seconds);
    }

    public void Dispose()
    {
        foreach (LoadStream stream in _streams.Values)
            stream.Dispose();
        _clock.Dispose();
    }

    private static byte[] Request(Uri server, int tokens)
    {
        string body = $$$"""
            {"model": "echo", "messages": [{"role": "user", "content": "{{{Question}}}"}], "stream": true, "temperature": 0,
             "max_tokens": {{{tokens}}}, "chat_template_kwargs": {"enable_thinking": false}}
            """;
        return Encoding.ASCII.GetBytes(
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: {server.Authority}\r\nContent-Type: application/json\r\n"
            + $"Content-Length: {body.Length}\r\n\r\n{body}");
    }
}

/// <summary>What a client counted.</summary>
/// <param name="Tokens">Tokens that came.</param>
/// <param name="Seconds">In which time.</param>
/// <param name="Median">Milliseconds from a step's end to a token of it being read.</param>
/// <param name="P99">What 99 of 100 do not exceed.</param>
/// <param name="P999">What 999 of 1,000 do not exceed.</param>
/// <param name="Cores">Processors that the client kept busy.</param>
internal sealed record LoadCounts(long Tokens, double Seconds, double Median, double P99, double P999, double Cores);
