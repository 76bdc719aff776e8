using Glm5.Core;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>Ends the generations of a request that takes longer than the server allows.</summary>
internal sealed class AnswerDeadline : IDisposable
{
    private readonly Generation[] _generations;
    private readonly TimeSpan _most;
    private readonly ITimer? _timer;
    private volatile bool _passed;

    /// <summary>Counts from when the request came.</summary>
    public AnswerDeadline(HttpContext http, AnswerTimes times, params Generation[] generations)
    {
        _generations = generations;
        _most = http.RequestServices.GetRequiredService<ServeOptions>().RequestTimeout;
        if (_most <= TimeSpan.Zero)
            return;
        TimeSpan left = _most - times.Elapsed;
        TimeProvider time = http.RequestServices.GetRequiredService<TimeProvider>();
        _timer = time.CreateTimer(_ => Pass(), null, left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Why an answer whose generation was cancelled is not complete.</summary>
    public ApiException WhyCut() => _passed
        ? new ApiException(
            StatusCodes.Status504GatewayTimeout,
            $"the answer was not complete after {_most.TotalSeconds:F0} s, the most that this server allows (--request-timeout)")
        {
            Code = "timeout",
        }
        : ApiException.Unavailable("the server stopped before the answer was complete", TimeSpan.FromSeconds(10));

    public void Dispose() => _timer?.Dispose();

    private void Pass()
    {
        _passed = true;
        foreach (Generation generation in _generations)
            generation.Cancel();
    }
}
