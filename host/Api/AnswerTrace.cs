using System.Diagnostics;

namespace Glm5.Host.Api;

/// <summary>
/// One request as a span, by OpenTelemetry's conventions for generative AI: a child of the caller's where a
/// <c>traceparent</c> says so. What clients write is in none. Without a listener it is nothing at all.
/// </summary>
internal sealed class AnswerTrace
{
    /// <summary>The source to subscribe to.</summary>
    public const string SourceName = "Glm5.Host";

    private static readonly ActivitySource s_source = new(SourceName);

    private readonly Activity? _span;

    private AnswerTrace(Activity? span) => _span = span;

    /// <summary>A request came.</summary>
    public static AnswerTrace Begin(HttpContext http)
    {
        if (!s_source.HasListeners())
            return new AnswerTrace(null);
        string caller = http.Request.Headers.TraceParent.ToString();
        ActivityContext.TryParse(
            caller.Length > 0 ? caller : null, http.Request.Headers.TraceState.ToString(), isRemote: true,
            out ActivityContext parent);
        string path = http.Request.Path.Value ?? "";
        string operation = path.EndsWith("/completions", StringComparison.Ordinal)
            && !path.EndsWith("/chat/completions", StringComparison.Ordinal) ? "text_completion" : "chat";

        // The web framework has begun one of its own, which nobody samples: its children would not be either.
        Activity.Current = null;
        Activity? span = s_source.StartActivity(operation, ActivityKind.Server, parent);
        span?.SetTag("gen_ai.operation.name", operation);
        span?.SetTag("gen_ai.provider.name", "glm5");
        span?.SetTag("http.request.method", http.Request.Method);
        span?.SetTag("http.route", path);
        span?.SetTag("glm5.request.id", RequestId.Of(http));
        var trace = new AnswerTrace(span);
        http.Response.OnCompleted(() =>
        {
            trace.Close(http.Response.StatusCode);
            return Task.CompletedTask;
        });
        return trace;
    }

    /// <summary>What was asked.</summary>
    public void Asked(string model, SamplingFields fields)
    {
        if (_span is not { IsAllDataRequested: true } span)
            return;
        span.DisplayName = $"{span.OperationName} {model}";
        span.SetTag("gen_ai.request.model", model);
        span.SetTag("gen_ai.response.model", model);
        span.SetTag("gen_ai.request.max_tokens", fields.MaxTokens);
        span.SetTag("gen_ai.request.temperature", (double)fields.Sampling.Temperature);
        span.SetTag("gen_ai.request.top_p", (double)fields.Sampling.TopP);
        span.SetTag("gen_ai.request.seed", fields.Sampling.Seed);
        span.SetTag("gen_ai.request.stream", fields.Stream);
    }

    /// <summary>The first token came.</summary>
    public void FirstToken(TimeSpan after)
    {
        _span?.AddEvent(new ActivityEvent("first_token"));
        _span?.SetTag("gen_ai.server.time_to_first_token", after.TotalSeconds);
    }

    /// <summary>The answer ended.</summary>
    public void Ended(string id, in Usage usage, string reason, string? key)
    {
        if (_span is not { } span)
            return;
        span.SetTag("gen_ai.response.id", id);
        span.SetTag("gen_ai.response.finish_reasons", new[] { reason });
        span.SetTag("gen_ai.usage.input_tokens", usage.Prompt);
        span.SetTag("gen_ai.usage.cache_read.input_tokens", usage.Cached);
        span.SetTag("gen_ai.usage.output_tokens", usage.Completion);
        span.SetTag("glm5.key.name", key);
        if (reason == "error")
            span.SetStatus(ActivityStatusCode.Error);
        span.Dispose();
    }

    /// <summary>The connection is done with; a request that never became an answer was refused.</summary>
    private void Close(int status)
    {
        if (_span is not { IsStopped: false } span)
            return;
        span.SetTag("http.response.status_code", status);
        span.SetTag("error.type", status.ToString());
        span.SetStatus(status >= 500 ? ActivityStatusCode.Error : ActivityStatusCode.Unset);
        span.Dispose();
    }
}
