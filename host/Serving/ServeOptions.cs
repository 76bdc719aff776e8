using Glm5.Core;
using Glm5.Core.Weights;
using Glm5.Host.Access;

namespace Glm5.Host.Serving;

/// <summary>Brings a model's files here. Blocks; what it throws says what to do.</summary>
/// <param name="progress">Told of the download.</param>
/// <param name="logger">Told of waits and retries.</param>
/// <param name="cancel">Stops it; what has arrived is kept.</param>
/// <returns>The folder.</returns>
internal delegate string FindFolder(LoadProgress progress, ILogger logger, CancellationToken cancel);

/// <summary>Makes a model that can run steps. Blocks; what it throws says what to do.</summary>
internal delegate LoadedModel LoadModel(
    ModelOptions options, LoadProgress progress, ILogger logger, CancellationToken cancel);

/// <summary>How to serve: the address, who may ask, and how the model is loaded.</summary>
internal sealed record ServeOptions
{
    /// <summary>How the model is loaded and scheduled.</summary>
    public required ModelOptions Model { get; init; }

    /// <summary>
    /// Brings the model's files here and returns their folder, which takes the place of the one in
    /// <see cref="Model"/>; null where they are there.
    /// </summary>
    public FindFolder? Find { get; init; }

    /// <summary>
    /// Makes the model where it is not <see cref="ModelLoader"/> that does: another engine's steps behind the same API.
    /// </summary>
    public LoadModel? Load { get; init; }

    /// <summary>Names that requests may give as <c>model</c>; the first one stands in answers. At least one.</summary>
    public required IReadOnlyList<string> ServedNames { get; init; }

    /// <summary>An IP address of this machine, <c>localhost</c>, or <c>*</c> for every address.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The port; 0 takes a free one.</summary>
    public int Port { get; init; } = 8000;

    /// <summary>Keys of which a request must carry one; empty asks for none.</summary>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    /// <summary>A file of more keys, read again when it changes; null for none. Without keys in it nobody may ask.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>What a key may use whose own entry does not say it.</summary>
    public KeyLimits KeyLimits { get; init; }

    /// <summary>The certificate of a server with TLS; null for one without.</summary>
    public CertificateFiles? Certificate { get; init; }

    /// <summary>Origins of web pages elsewhere that may send requests, as in <c>https://chat.example</c>; <c>*</c> stands for all.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>The largest request body.</summary>
    public long MaxBodyBytes { get; init; } = 32 << 20;

    /// <summary>Bytes of all request bodies that are held at once; more requests are told to come again.</summary>
    public long MaxBodyBytesHeld { get; init; } = 512 << 20;

    /// <summary>Connections at once; more are closed.</summary>
    public int MaxConnections { get; init; } = 8192;

    /// <summary>Requests of the API that are handled at once; 0 bounds them by the engine's queue alone.</summary>
    public int MaxRequests { get; init; }

    /// <summary>How long a request may take from its arrival to its answer's end; zero for as long as it takes.</summary>
    public TimeSpan RequestTimeout { get; init; }

    /// <summary>How long a request may wait for its first step, unless it says so itself; zero for as long as it takes.</summary>
    public TimeSpan QueueTimeout { get; init; }

    /// <summary>How long a streamed answer may be silent before a comment is sent.</summary>
    public TimeSpan PingPeriod { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Where traces go by OTLP; null for what OpenTelemetry's variables say, or nowhere.</summary>
    public Uri? TracesEndpoint { get; init; }

    /// <summary>How long running requests may go on once the server is asked to stop.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What is less than this is not logged.</summary>
    public LogLevel LeastLogged { get; init; } = LogLevel.Information;
}
