using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Host;
using Glm5.Host.Serving;
using Microsoft.Extensions.Logging;

namespace Glm5.Tests.Clients;

/// <summary>
/// A server in this process on a free port, with the embedded model on the cpu backend unless told otherwise.
/// </summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly Server _server;

    private RunningServer(Server server)
    {
        _server = server;
        Http = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromSeconds(60) };
    }

    /// <summary>Where it answers.</summary>
    public Uri Address => _server.Address;

    /// <summary>A client of it, with as many connections as are asked for.</summary>
    public HttpClient Http { get; }

    /// <summary>The served model.</summary>
    public ServedModel Model => _server.Model;

    /// <summary>The engine behind it, for what HTTP does not show.</summary>
    public Engine Engine =>
        _server.Model.TryGetReady(out ReadyModel? ready)
            ? ready.Engine
            : throw new InvalidOperationException("not ready");

    /// <summary>The server under test.</summary>
    public Server Server => _server;

    /// <summary>Starts one and waits until it is ready.</summary>
    public static async Task<RunningServer> StartAsync(
        Func<ServeOptions, ServeOptions>? change = null, Backend? backend = null)
    {
        RunningServer running = await ListenAsync(change, backend);
        await running._server.Ready;
        return running;
    }

    /// <summary>Starts one and returns while the model loads.</summary>
    public static async Task<RunningServer> ListenAsync(
        Func<ServeOptions, ServeOptions>? change = null, Backend? backend = null)
    {
        var options = new ServeOptions
        {
            Model = new ModelOptions { Folder = EmbeddedModel.Folder, Threads = 2 },
            ServedNames = [EmbeddedModel.Name],
            Port = 0,
            LeastLogged = LogLevel.Warning,
        };
        Server server = await Server.StartAsync(
            change?.Invoke(options) ?? options, backend
                ?? BackendCatalog.Choose("cpu").Backend, null, CancellationToken.None);
        return new RunningServer(server);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server.DisposeAsync();
    }
}
