using System.Diagnostics;
using System.Net.Sockets;

namespace Glm5.Benchmarks.Load;

/// <summary>
/// One connection that asks for one streamed chat after the other, as cheaply as a client can: bytes are only searched,
/// for letters of content and for the end.
/// </summary>
internal sealed class LoadStream : IDisposable
{
    /// <summary>The chunks of hundreds of steps.</summary>
    private const int BufferBytes = 64 << 10;

    private readonly byte[] _request;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _held;

    public LoadStream(Uri server, byte[] request)
    {
        _request = request;
        Socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Socket.Connect(server.Host, server.Port);
        Ask();
    }

    /// <summary>The connection.</summary>
    public Socket Socket { get; }

    /// <summary>Answers that have ended.</summary>
    public int Answers { get; private set; }

    /// <summary>Reads what is there, counts its tokens and their latencies, and asks again behind an end.</summary>
    public int Read(StepClock clock, LatencyHistogram latencies)
    {
        int read = Socket.Receive(_buffer.AsSpan(_held));
        if (read == 0)
            throw new IOException("the server closed a connection");
        long now = Stopwatch.GetTimestamp();
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(0, _held + read);
        // Whole lines alone: a name is never cut from its value.
        int end = bytes.LastIndexOf((byte)'\n') + 1;
        int tokens = Count(bytes[..end], now, clock, latencies);
        bytes[end..].CopyTo(_buffer);
        _held = bytes.Length - end;
        return tokens;
    }

    public void Dispose() => Socket.Dispose();

    private int Count(ReadOnlySpan<byte> lines, long now, StepClock clock, LatencyHistogram latencies)
    {
        if (lines.StartsWith("HTTP/1.1 "u8) && !lines.StartsWith("HTTP/1.1 200"u8))
            throw new IOException($"the server refused: {System.Text.Encoding.UTF8.GetString(lines)}");
        ReadOnlySpan<byte> field = "\"content\":\""u8;
        int tokens = 0;
        ReadOnlySpan<byte> rest = lines;
        for (int at = rest.IndexOf(field); at >= 0; at = rest.IndexOf(field))
        {
            rest = rest[(at + field.Length)..];
            if (clock.Since(rest[0], now) is not { } latency)
                continue;
            latencies.Add(latency);
            tokens++;
        }

        if (lines.EndsWith("\r\n0\r\n\r\n"u8))
            Ask();
        return tokens;
    }

    private void Ask()
    {
        Socket.Send(_request);
        Answers++;
    }
}
