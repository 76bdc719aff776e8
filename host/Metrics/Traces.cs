using Glm5.Host.Api;
using Glm5.Host.Serving;
using OpenTelemetry.Exporter;
using OpenTelemetry.Trace;

namespace Glm5.Host.Metrics;

/// <summary>Sends a span for each request to a collector, by OTLP. Off unless an endpoint is named.</summary>
internal static class Traces
{
    /// <summary>OTLP over HTTP goes to this path; another endpoint is one of gRPC.</summary>
    private const string HttpPath = "/v1/traces";

    /// <summary>Variables of OpenTelemetry that name an endpoint; the exporter reads them, and its other ones, itself.</summary>
    private static readonly string[] s_variables =
        ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

    /// <summary>Registers the exporter where there is an endpoint.</summary>
    public static void Add(IServiceCollection services, ServeOptions options)
    {
        bool isNamed = options.TracesEndpoint is not null
            || s_variables.Any(name => !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(name)));
        if (!isNamed)
            return;
        services.AddOpenTelemetry().WithTracing(traces => traces
            .AddSource(AnswerTrace.SourceName)
            .AddOtlpExporter(exporter => Direct(exporter, options.TracesEndpoint)));
    }

    private static void Direct(OtlpExporterOptions exporter, Uri? endpoint)
    {
        if (endpoint is null)
            return;
        exporter.Endpoint = endpoint;
        if (endpoint.AbsolutePath.EndsWith(HttpPath, StringComparison.Ordinal))
            exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
    }
}
