using System.Net;
using System.Net.Security;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;
using Glm5.Host.Access;
using Glm5.Host.Api;
using Glm5.Host.Metrics;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging.Console;

namespace Glm5.Host.Serving;

/// <summary>
/// A listening server and the model that loads behind it. Start: the port answers before a weight is read. Stop:
/// running answers end first, within a bound.
/// </summary>
internal sealed class Server : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ServeOptions _options;

    private Server(WebApplication app, ServeOptions options, Uri address, ServedModel model, Task ready) =>
        (_app, _options, Address, Model, Ready) = (app, options, address, model, ready);

    /// <summary>Where it answers, with a host that a browser on this machine can open.</summary>
    public Uri Address { get; }

    /// <summary>The model, loading or ready.</summary>
    public ServedModel Model { get; }

    /// <summary>Ends when the model is ready; fails with the error of loading.</summary>
    public Task Ready { get; }

    /// <summary>What it answers, by path and method.</summary>
    public IEnumerable<RouteEndpoint> Routes =>
        ((IEndpointRouteBuilder)_app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>();

    /// <summary>Listens, and starts to load. Returns as soon as the port answers.</summary>
    /// <param name="options">How to serve.</param>
    /// <param name="backend">What the model runs on.</param>
    /// <param name="observer">Told of loading's progress; null for none.</param>
    /// <param name="cancel">Ends loading.</param>
    /// <param name="listening">Told the address as soon as it answers, before loading begins.</param>
    /// <exception cref="IOException">The address is in use or not this machine's.</exception>
    /// <exception cref="AccessException">The file of keys or the certificate cannot be used.</exception>
    public static async Task<Server> StartAsync(
        ServeOptions options, Backend backend, IProgress<LoadStatus>? observer, CancellationToken cancel,
        Action<Uri>? listening = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        Log(builder.Logging, options);
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, options));
        builder.Services.AddSingleton(options).AddSingleton(TimeProvider.System)
            .AddSingleton<IHostLifetime, CallerLifetime>();
        builder.Services.AddSingleton(services => new ServedModel(
            options, backend, services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILoggerFactory>(), observer));
        builder.Services.AddCors();
        if (options.Certificate is { } files)
        {
            builder.Services.AddSingleton(services => new ServerCertificate(
                files, services.GetRequiredService<TimeProvider>(),
                services.GetRequiredService<ILoggerFactory>().CreateLogger("Glm5.Tls")));
        }

        ServerMetrics.Add(builder.Services);
        Traces.Add(builder.Services, options);
        ApiRoutes.Add(builder.Services);
        WebApplication app = builder.Build();
        ServedModel model;
        try
        {
            ApiRoutes.Map(app);
            model = app.Services.GetRequiredService<ServedModel>();
            app.Services.GetRequiredService<ServerMetrics>();
            await app.StartAsync(cancel);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        Uri address = AddressOf(app, options);
        listening?.Invoke(address);

        // A thread of its own: loading blocks for minutes, and the pool's threads answer /health meanwhile.
        Task ready = Task.Factory.StartNew(
            () => model.Load(cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return new Server(app, options, address, model, ready);
    }

    /// <summary>
    /// Takes no more requests, lets running ones end for as long as the options allow or until <paramref name="hurry"/>
    /// fires, then stops listening. True when all of them ended by themselves.
    /// </summary>
    public async Task<bool> StopAsync(CancellationToken hurry)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(hurry);
        bound.CancelAfter(_options.DrainTime);
        await Model.DrainAsync(bound.Token);
        bool drained = !bound.IsCancellationRequested;
        using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(grace.Token);
        return drained;
    }

    /// <summary>Cancels what runs and frees the model.</summary>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await StopAsync(now.Token);
        await ((Task)Ready).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _app.DisposeAsync();
    }

    private static void Listen(KestrelServerOptions kestrel, ServeOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = null; // RequestBody bounds it, with figures in its answer.
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
        if (options.Host == "*")
            kestrel.ListenAnyIP(options.Port, Secure);
        else if (IPAddress.TryParse(options.Host, out IPAddress? address))
            kestrel.Listen(address, options.Port, Secure);
        else
            kestrel.Listen(IPAddress.Loopback, options.Port, Secure); // One socket: port 0 can name but one.
    }

    /// <summary>TLS where the server has a certificate; each connection gets the one of its moment.</summary>
    private static void Secure(ListenOptions listen)
    {
        if (listen.ApplicationServices.GetService<ServerCertificate>() is not { } certificate)
            return;
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = _ => ValueTask.FromResult(
                new SslServerAuthenticationOptions { ServerCertificateContext = certificate.Current }),
        });
    }

    private static void Log(ILoggingBuilder logging, ServeOptions options)
    {
        logging.ClearProviders().SetMinimumLevel(options.LeastLogged);
        logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning);

        // The command says these itself, once and in a sentence: a start that failed, the size of the caches.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None).AddFilter(ServedModel.LogName, LogLevel.Warning);
        logging.AddConsole(console => console.FormatterName = LineFormatter.FormatterName);
        logging.Services.AddSingleton<ConsoleFormatter, LineFormatter>();
    }

    private static Uri AddressOf(WebApplication app, ServeOptions options)
    {
        IServer kestrel = app.Services.GetRequiredService<IServer>();
        int port = BindingAddress.Parse(kestrel.Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        string host = options.Host is "*" or "0.0.0.0" or "::" ? "127.0.0.1" : options.Host;
        return new UriBuilder(options.Certificate is null ? "http" : "https", host, port).Uri;
    }

    /// <summary>Signals are the command's business: it drains first.</summary>
    private sealed class CallerLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
