using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Kv;
using Glm5.Core.Parallel;
using Glm5.Core.Planning;
using Glm5.Core.Weights;
using Glm5.Host.Workers.Wire;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Glm5.Host.Workers;

/// <summary>
/// Loads a model whose ranks are processes: opens the files here, listens on a socket of its own that nobody else on the
/// machine may open, starts the workers, and waits until all of them have loaded.
/// </summary>
internal static class WorkerModel
{
    /// <summary>Loads it. Blocks until it is ready; what it throws says what to do.</summary>
    public static LoadedModel Load(
        ModelOptions options, Backend backend, LoadProgress progress, ILoggerFactory loggers, TimeProvider time,
        CancellationToken cancel)
    {
        if (backend.ProcessRefusal is { } refusal)
            throw new AcceleratorException($"--worker-processes: {refusal}");
        ILogger logger = loggers.CreateLogger("Glm5.Workers");
        var opened = OpenedModel.Open(options, progress, logger);
        var fleet = new WorkerFleet(options with { Folder = Path.GetFullPath(options.Folder) }, opened, logger);
        Listening? listening = null;
        try
        {
            if (backend.Footprint is { } footprint)
                FitCheck.Require(opened.Weights, footprint, options);
            listening = ListenAsync(fleet).GetAwaiter().GetResult();
            string[] words = ["worker", "--device", backend.Name, "--join", listening.Socket];
            listening.Processes = WorkerProcesses.Start(options.TotalRanks, words, fleet.Fail, logger);
            progress.Enter(LoadPhase.Packing);
            Loaded loaded = fleet.LoadedAsync(listening, time, cancel).GetAwaiter().GetResult();
            var pool = new KvPoolSize(loaded.Blocks, loaded.BlockBytes, loaded.FreeBytes, loaded.BlockSlots);
            HostCacheSize host = RankLoader.HostCache(options, loaded.BlockBytes);
            ModelLoader.LogPool(logger, pool, Enum.Parse<KvFormat>(loaded.KvFormat), host);
            var runners = new StepRunner[options.Groups];
            for (int g = 0; g < runners.Length; g++)
                runners[g] = new WorkerRunner(fleet, g, options, loaded, opened) { HostCache = host };
            fleet.Lost += failure => runners[0].Lost?.Invoke(failure);
            return new LoadedModel(opened, runners) { Pool = pool, Capabilities = backend.Probe().Devices[0] };
        }
        catch
        {
            fleet.Dispose();
            listening?.Dispose();
            opened.Dispose();
            throw;
        }
    }

    private static async Task<Listening> ListenAsync(WorkerFleet fleet)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("glm5-");
        string socket = Path.Combine(folder.FullName, "steps");
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton(fleet).AddRoutingCore();
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = null);
        WebApplication app = builder.Build();
        app.MapGrpcService<StepChannelService>();
        await app.StartAsync();
        return new Listening(app, folder);
    }

    /// <summary>What lives as long as the fleet: the socket, and the processes at its other end.</summary>
    private sealed class Listening(WebApplication app, DirectoryInfo folder) : IDisposable
    {
        private bool _disposed;

        public string Socket { get; } = Path.Combine(folder.FullName, "steps");

        public WorkerProcesses? Processes { get; set; }

        public void Dispose()
        {
            if (_disposed)
                return;
            _disposed = true;
            Processes?.Dispose();
            using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            app.StopAsync(now.Token).GetAwaiter().GetResult();
            app.DisposeAsync().AsTask().GetAwaiter().GetResult();
            // Whoever cleans up temporary folders may have been here before.
            if (Directory.Exists(folder.FullName))
                folder.Delete(recursive: true);
        }
    }
}
