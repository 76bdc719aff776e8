using System.Collections.Concurrent;
using System.Net.Sockets;
using Glm5.Host.Workers.Wire;
using Grpc.Core;
using Grpc.Net.Client;

namespace Glm5.Host.Workers;

/// <summary>
/// A worker's end of the step channel. What the server says is read ahead by a task of its own, so that a server that is gone
/// is noticed in the middle of a step too: then the process ends, whatever its rank waits for.
/// </summary>
internal sealed class ServerChannel : IDisposable
{
    /// <summary>How long a step may go on after the server has ended the channel.</summary>
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(5);

    private readonly GrpcChannel _channel;
    private readonly AsyncDuplexStreamingCall<FromWorker, ToWorker> _call;
    private readonly BlockingCollection<ToWorker> _inbox = [];

    /// <summary>Connects to a server's socket.</summary>
    public ServerChannel(string socket)
    {
        var connections = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancel) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancel);
                return new NetworkStream(connection, ownsSocket: true);
            },
        };
        _channel = GrpcChannel.ForAddress(
            "http://localhost", new GrpcChannelOptions { HttpHandler = connections, MaxReceiveMessageSize = null });
        _call = new StepChannel.StepChannelClient(_channel).Join();
        _ = Task.Run(ReadAsync);
    }

    /// <summary>Says something. Returns when it is on its way.</summary>
    /// <exception cref="RpcException">The server is gone.</exception>
    public void Send(FromWorker word) => _call.RequestStream.WriteAsync(word).GetAwaiter().GetResult();

    /// <summary>Waits for the server's next word; null when there will be none.</summary>
    /// <exception cref="WorkerRefusedException">It is a refusal.</exception>
    public ToWorker? Next()
    {
        if (!_inbox.TryTake(out ToWorker? word, Timeout.Infinite))
            return null;
        return word.WordCase == ToWorker.WordOneofCase.Refusal ? throw new WorkerRefusedException(word.Refusal) : word;
    }

    /// <summary>Ends the call.</summary>
    public void Dispose()
    {
        _call.Dispose();
        _channel.Dispose();
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await _call.ResponseStream.MoveNext(CancellationToken.None))
                _inbox.Add(_call.ResponseStream.Current);
        }
        catch (Exception exception) when (exception is RpcException or IOException or OperationCanceledException)
        {
            // The server is gone; what it said last is still worth reading.
        }

        _inbox.CompleteAdding();
        await Task.Delay(s_grace);
        Environment.Exit(Cli.ExitCode.Server);
    }
}
