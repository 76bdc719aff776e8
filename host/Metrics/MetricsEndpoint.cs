using System.Text;
using Glm5.Host.Serving;

namespace Glm5.Host.Metrics;

/// <summary>
/// <c>GET /metrics</c>: what the exporter collects, and the same again under the names of other servers.
/// <c>?names=glm5,vllm</c> leaves all but those that begin so away.
/// </summary>
internal sealed class MetricsEndpoint
{
    /// <summary>The version of the text format that the exporter writes without being asked for another.</summary>
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private static readonly string[] s_readMethods = [HttpMethods.Get, HttpMethods.Head];

    private readonly RequestDelegate _exporter;
    private readonly string _model;

    private MetricsEndpoint(RequestDelegate exporter, string model) => (_exporter, _model) = (exporter, model);

    /// <summary>Maps the path.</summary>
    public static IEndpointConventionBuilder Map(WebApplication app)
    {
        IApplicationBuilder branch = ((IApplicationBuilder)app).New();
        branch.UseOpenTelemetryPrometheusScrapingEndpoint(_ => true);
        string model = app.Services.GetRequiredService<ServedModel>().Names[0];
        var endpoint = new MetricsEndpoint(branch.Build(), model);
        return app.MapMethods("/metrics", s_readMethods, endpoint.AnswerAsync);
    }

    private async Task AnswerAsync(HttpContext http)
    {
        string exported = await ExportAsync(http);
        if (http.Response.StatusCode != StatusCodes.Status200OK)
            return; // The exporter has said why: the client has gone, or nothing can be collected.
        string[] names = http.Request.Query["names"].ToString()
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        http.Response.ContentType = ContentType;
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.WriteAsync(Compose(exported, names), http.RequestAborted);
    }

    /// <summary>Runs the exporter, whose answer goes into memory instead of to the client.</summary>
    private async Task<string> ExportAsync(HttpContext http)
    {
        Stream client = http.Response.Body;
        using var memory = new MemoryStream();
        try
        {
            http.Response.Body = memory;
            // The exporter would choose another format, or compress.
            http.Request.Headers.Accept = "text/plain";
            http.Request.Headers.AcceptEncoding = "";
            await _exporter(http);
        }
        finally
        {
            http.Response.Body = client;
        }

        http.Response.ContentLength = null;
        return Encoding.UTF8.GetString(memory.GetBuffer(), 0, (int)memory.Length);
    }

    private string Compose(string exported, string[] names)
    {
        var text = new StringBuilder(2 * exported.Length);
        if (names.Length == 0)
            text.Append(exported);
        else
            AppendNamed(exported, names, text);
        ExportedMetrics ours = ExportedMetrics.Read(exported);
        string labels = $"model_name=\"{Escape(_model)}\",engine=\"0\"";
        foreach (MetricAlias alias in MetricAliases.All)
        {
            if (names.Length == 0 || IsNamed(alias.Name, names))
                alias.Write(ours, labels, text);
        }

        return text.ToString();
    }

    private static void AppendNamed(string exported, string[] names, StringBuilder text)
    {
        foreach (ReadOnlySpan<char> line in exported.AsSpan().EnumerateLines())
        {
            // "# TYPE name kind" and "# HELP name text" go with their metric.
            ReadOnlySpan<char> name = line.StartsWith("# ") && line.Length > 7 ? line[7..] : line;
            if (IsNamed(name, names))
                text.Append(line).Append('\n');
        }
    }

    private static bool IsNamed(ReadOnlySpan<char> name, string[] names)
    {
        foreach (string wanted in names)
        {
            if (name.StartsWith(wanted, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    private static string Escape(string label) => label.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
