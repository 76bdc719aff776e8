using System.Diagnostics.Metrics;
using Glm5.Core;
using Glm5.Host.Serving;
using OpenTelemetry.Metrics;

namespace Glm5.Host.Metrics;

/// <summary>
/// What <c>/metrics</c> tells, in Prometheus' text format: the engine's state as gauges and counters, the requests' times as
/// histograms, and Kestrel's own. Names are listed in docs/operations.md.
/// </summary>
internal sealed class ServerMetrics : IDisposable
{
    private const string MeterName = "Glm5.Host";
    private const string EngineMeterName = "Glm5.Engine";

    private readonly ServedModel _model;
    private readonly Meter _meter;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _perToken;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _finished;

    public ServerMetrics(ServedModel model, IMeterFactory meters)
    {
        _model = model;
        _meter = meters.Create(MeterName);
        _meter.CreateObservableGauge("glm5_requests_running", () => Status.Running, null, "Sequences in the running batch");
        _meter.CreateObservableGauge("glm5_requests_waiting", () => Status.Waiting, null, "Sequences that wait for admission");
        _meter.CreateObservableGauge("glm5_kv_blocks_in_use", () => Status.BlocksInUse, null, "KV blocks owned by sequences");
        _meter.CreateObservableGauge("glm5_kv_blocks", () => Status.Blocks, null, "KV blocks that sequences can own");
        _meter.CreateObservableGauge("glm5_ready", () => _model.TryGetReady(out _) ? 1 : 0, null, "1 when requests are served");
        _meter.CreateObservableCounter("glm5_preemptions", () => Status.Preemptions, null, "Sequences preempted");
        _meter.CreateObservableCounter("glm5_steps", () => Status.Steps, null, "Steps run");
        _meter.CreateObservableCounter("glm5_prompt_tokens", () => Status.PromptTokens, null, "Prompt tokens computed");
        _meter.CreateObservableCounter("glm5_generated_tokens", () => Status.GeneratedTokens, null, "Tokens chosen");
        _firstToken = Seconds("glm5_time_to_first_token_seconds", "From a request's arrival to its first token",
            [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]);
        _perToken = Seconds("glm5_time_per_output_token_seconds", "Mean time between a request's tokens after the first",
            [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.25, 0.5, 1]);
        _duration = Seconds("glm5_request_duration_seconds", "From a request's arrival to its last token",
            [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]);
        _finished = _meter.CreateCounter<long>("glm5_requests_finished", null, "Answers ended, by finish_reason");
    }

    private EngineStatus Status => _model.TryGetReady(out ReadyModel? ready) ? ready.Engine.Status : default;

    /// <summary>Registers the meters and their reader.</summary>
    public static void Add(IServiceCollection services)
    {
        services.AddMetrics().AddSingleton<ServerMetrics>();
        services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(MeterName, EngineMeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel")
            .AddPrometheusExporter());
    }

    /// <summary>Maps <c>GET /metrics</c>.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPrometheusScrapingEndpoint("/metrics");

    /// <summary>Counts an answer that ended.</summary>
    public void Finished(string reason, int tokens, TimeSpan firstToken, TimeSpan total)
    {
        _finished.Add(1, new KeyValuePair<string, object?>("finish_reason", reason));
        if (tokens == 0)
            return;
        _firstToken.Record(firstToken.TotalSeconds);
        _duration.Record(total.TotalSeconds);
        if (tokens > 1)
            _perToken.Record((total - firstToken).TotalSeconds / (tokens - 1));
    }

    public void Dispose() => _meter.Dispose();

    private Histogram<double> Seconds(string name, string description, double[] bounds) => _meter.CreateHistogram(
        name, "s", description, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
}
