using Glm5.Host.Metrics;

namespace Glm5.Host.Api;

/// <summary>When an answer's tokens came, for the metrics and for one line of the log.</summary>
internal sealed partial class AnswerTimes(TimeProvider time, ServerMetrics metrics, ILogger logger)
{
    private readonly long _began = time.GetTimestamp();
    private long _first;

    /// <summary>When the request came.</summary>
    public DateTimeOffset Began { get; } = time.GetUtcNow();

    /// <summary>A request came.</summary>
    public static AnswerTimes Begin(HttpContext http)
    {
        IServiceProvider services = http.RequestServices;
        return new AnswerTimes(
            services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ServerMetrics>(),
            ErrorAnswers.Logger(http));
    }

    /// <summary>A token came.</summary>
    public void Token()
    {
        if (_first == 0)
            _first = time.GetTimestamp();
    }

    /// <summary>The answer ended.</summary>
    public void Ended(string id, int promptTokens, int tokens, string reason)
    {
        TimeSpan total = time.GetElapsedTime(_began);
        TimeSpan first = _first == 0 ? total : time.GetElapsedTime(_began, _first);
        metrics.Finished(reason, tokens, first, total);
        if (_first == 0)
            LogUnbegun(logger, id, promptTokens, total.TotalMilliseconds, reason);
        else
            LogEnded(logger, id, promptTokens, tokens, first.TotalMilliseconds, total.TotalMilliseconds, reason);
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Id} prompt={PromptTokens} answer={Tokens} first={FirstMs:F0}ms total={TotalMs:F0}ms {Reason}")]
    private static partial void LogEnded(
        ILogger logger, string id, int promptTokens, int tokens, double firstMs, double totalMs, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Id} prompt={PromptTokens} answer=0 total={TotalMs:F0}ms {Reason}")]
    private static partial void LogUnbegun(ILogger logger, string id, int promptTokens, double totalMs, string reason);
}
