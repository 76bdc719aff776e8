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

    private static readonly double[] s_shortTimes =
        [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5];

    private static readonly int[] s_tokens =
        [1, 4, 16, 64, 256, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 1048576];

    private readonly Meter _meter;
    private readonly Histogram<double> _firstToken, _decode, _perToken, _duration;
    private readonly Histogram<int> _promptTokens, _generatedTokens;
    private readonly Counter<long> _finished, _keyTokens, _keyRefusals;

    public ServerMetrics(ServedModel model, BodyBudget bodies, TimeProvider time, IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _meter.CreateObservableGauge(
            "glm5.ready", () => model.TryGetReady(out _) ? 1 : 0, null, "1 when requests are served.");
        _meter.CreateObservableGauge(
            "glm5.load.bytes_done", () => model.Status.BytesDone, "By",
            "Bytes of loading's present phase that are done.");
        _meter.CreateObservableGauge("glm5.request_bodies.held", () => bodies.Held, "By", "Request bodies in memory.");
        var rate = new TokenRate(
            () => model.TryGetReady(out ReadyModel? ready) ? ready.Engine.Status.GeneratedTokens : 0, time);
        _meter.CreateObservableGauge(
            "glm5.generated_tokens_per_second", rate.Read, null, "Tokens chosen a second, of the last seconds.");
        _firstToken = Seconds(
            "glm5.request.time_to_first_token",
            "From a request's arrival to its first token, its checks and templates included.");
        _duration = Seconds("glm5.request.duration", "From a request's arrival to its answer's end.");
        _decode = Seconds("glm5.request.decode.duration", "From an answer's first token to its end.");
        _perToken = Seconds(
            "glm5.request.time_per_output_token", "From an answer's first token to its end, for each token behind the first.", s_shortTimes);
        _promptTokens = Tokens("glm5.request.prompt_tokens", "Tokens of a request's prompts.");
        _generatedTokens = Tokens("glm5.request.generated_tokens", "Tokens of its answers.");
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

    /// <summary>Counts an answer that ended.</summary>
    public void Finished(string reason, in Usage usage, TimeSpan firstToken, TimeSpan total)
    {
        _finished.Add(1, new KeyValuePair<string, object?>("finish_reason", reason));
        _duration.Record(total.TotalSeconds);
        _promptTokens.Record(usage.Prompt);
        _generatedTokens.Record(usage.Completion);
        if (usage.Completion == 0)
            return;
        double decode = (total - firstToken).TotalSeconds;
        _firstToken.Record(firstToken.TotalSeconds);
        _decode.Record(decode);
        if (usage.Completion > 1)
            _perToken.Record(decode / (usage.Completion - 1));
    }

    /// <summary>Counts what an answer cost its key.</summary>
    public void KeyCharged(string key, int tokens) =>
        _keyTokens.Add(tokens, new KeyValuePair<string, object?>("key", key));

    /// <summary>Counts a request beyond its key's limit.</summary>
    public void KeyRefused(string key, string limit) => _keyRefusals.Add(
        1, new KeyValuePair<string, object?>("key", key), new KeyValuePair<string, object?>("limit", limit));

    public void Dispose() => _meter.Dispose();

    private Histogram<double> Seconds(string name, string description, double[]? boundaries = null) =>
        _meter.CreateHistogram(
            name, "s", description, null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries ?? s_times });

    private Histogram<int> Tokens(string name, string description) => _meter.CreateHistogram(
        name, null, description, null, new InstrumentAdvice<int> { HistogramBucketBoundaries = s_tokens });
}
