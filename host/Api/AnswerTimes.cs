using Glm5.Host.Access;
using Glm5.Host.Metrics;

namespace Glm5.Host.Api;

/// <summary>
/// When an answer's tokens came, and how many they were: for the metrics, for one line of the log, for its trace, and for
/// the account of the key that asked.
/// </summary>
internal sealed partial class AnswerTimes(
    TimeProvider time, ServerMetrics metrics, ILogger logger, string request, KeyLease? lease, AnswerTrace trace)
{
    private readonly long _began = time.GetTimestamp();
    private long _first;

    /// <summary>When the request came.</summary>
    public DateTimeOffset Began { get; } = time.GetUtcNow();

    /// <summary>How long ago that was.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_began);

    /// <summary>A request came.</summary>
    public static AnswerTimes Begin(HttpContext http)
    {
        IServiceProvider services = http.RequestServices;
        return new AnswerTimes(
            services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ServerMetrics>(),
            ErrorAnswers.Logger(http), RequestId.Of(http), KeyLease.Of(http), AnswerTrace.Begin(http));
    }

    /// <summary>The engine has taken it.</summary>
    public void Submitted(string model, SamplingFields fields, int promptTokens)
    {
        trace.Asked(model, fields);
        lease?.Account.Charge(promptTokens);
    }

    /// <summary>A token came, of any choice.</summary>
    public void Token()
    {
        if (_first == 0 && Interlocked.CompareExchange(ref _first, time.GetTimestamp(), 0) == 0)
        {
            trace.FirstToken(time.GetElapsedTime(_began, _first));
        }

        lease?.Account.Charge(1);
    }

    /// <summary>The answer ended.</summary>
    public void Ended(string id, in Usage usage, string reason)
    {
        TimeSpan total = time.GetElapsedTime(_began);
        TimeSpan first = _first == 0 ? total : time.GetElapsedTime(_began, _first);
        metrics.Finished(reason, usage, first, total);
        if (lease is not null)
        {
            lease.Account.Charge(-usage.Cached);
            metrics.KeyCharged(lease.Key.Name, usage.Prompt - usage.Cached + usage.Completion);
        }

        trace.Ended(id, usage, reason, lease?.Key.Name);
        string key = lease is null ? "" : $" key={lease.Key.Name}";
        if (_first == 0)
            LogUnbegun(logger, request, id, key, usage.Prompt, total.TotalMilliseconds, reason);
        else
            LogEnded(logger, request, id, key, usage.Prompt, usage.Completion, first.TotalMilliseconds, total.TotalMilliseconds, reason);
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Request} {Id}{Key} prompt={PromptTokens} answer={Tokens} first={FirstMs:F0}ms total={TotalMs:F0}ms {Reason}")]
    private static partial void LogEnded(
        ILogger logger, string request, string id, string key, int promptTokens, int tokens, double firstMs, double totalMs,
        string reason);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Request} {Id}{Key} prompt={PromptTokens} answer=0 total={TotalMs:F0}ms {Reason}")]
    private static partial void LogUnbegun(
        ILogger logger, string request, string id, string key, int promptTokens, double totalMs, string reason);
}
