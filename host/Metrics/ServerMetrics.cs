using System.Diagnostics.Metrics;
using Glm5.Core;
using Glm5.Host.Api;
using Glm5.Host.Cli;
using Glm5.Host.Serving;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Glm5.Host.Metrics;

/// <summary>
/// What <c>/metrics</c> tells, in Prometheus' text format: the engine's own instruments, the requests as clients see
/// them, and Kestrel's. Names are listed in docs/operations.md.
/// </summary>
internal sealed class ServerMetrics : IDisposable
{
    private const string MeterName = "Glm5.Host";

    private static readonly double[] s_times = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

    private readonly Meter _meter;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _finished, _keyTokens, _keyRefusals;

    public ServerMetrics(ServedModel model, BodyBudget bodies, IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _meter.CreateObservableGauge(
            "glm5.ready", () => model.TryGetReady(out _) ? 1 : 0, null, "1 when requests are served.");
        _meter.CreateObservableGauge(
            "glm5.load.bytes_done", () => model.Status.BytesDone, "By",
            "Bytes of loading's present phase that are done.");
        _meter.CreateObservableGauge("glm5.request_bodies.held", () => bodies.Held, "By", "Request bodies in memory.");
        _firstToken = Seconds(
            "glm5.request.time_to_first_token",
            "From a request's arrival to its first token, its checks and templates included.");
        _duration = Seconds("glm5.request.duration", "From a request's arrival to its answer's end.");
        _finished = _meter.CreateCounter<long>(
            "glm5.requests.finished", "{request}", "Answers ended, by finish_reason.");
        _keyTokens = _meter.CreateCounter<long>(
            "glm5.key.tokens", "{token}", "Tokens charged to a key: of prompts that were computed, and of answers.");
        _keyRefusals = _meter.CreateCounter<long>(
            "glm5.key.refused_requests", "{request}", "Requests beyond a key's limit.");
    }

    /// <summary>Registers the meters and their reader.</summary>
    public static void Add(IServiceCollection services)
    {
        services.AddMetrics().AddSingleton<ServerMetrics>();
        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(
                "glm5", serviceVersion: ProgramVersion.Number, autoGenerateServiceInstanceId: false))
            .WithMetrics(metrics => metrics
                .AddMeter(
                    MeterName, EngineMetrics.MeterName, "Microsoft.AspNetCore.Hosting",
                    "Microsoft.AspNetCore.Server.Kestrel")
                .AddPrometheusExporter());
    }

    /// <summary>Maps <c>GET /metrics</c>.</summary>
    public static IEndpointConventionBuilder Map(IEndpointRouteBuilder routes) =>
        routes.MapPrometheusScrapingEndpoint("/metrics");

    /// <summary>Counts an answer that ended.</summary>
    public void Finished(string reason, int tokens, TimeSpan firstToken, TimeSpan total)
    {
        _finished.Add(1, new KeyValuePair<string, object?>("finish_reason", reason));
        if (tokens > 0)
            _firstToken.Record(firstToken.TotalSeconds);
        _duration.Record(total.TotalSeconds);
    }

    /// <summary>Counts what an answer cost its key.</summary>
    public void KeyCharged(string key, int tokens) =>
        _keyTokens.Add(tokens, new KeyValuePair<string, object?>("key", key));

    /// <summary>Counts a request beyond its key's limit.</summary>
    public void KeyRefused(string key, string limit) => _keyRefusals.Add(
        1, new KeyValuePair<string, object?>("key", key), new KeyValuePair<string, object?>("limit", limit));

    public void Dispose() => _meter.Dispose();

    private Histogram<double> Seconds(string name, string description) => _meter.CreateHistogram(
        name, "s", description, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = s_times });
}
