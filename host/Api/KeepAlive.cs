using Glm5.Core.Sampling;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>
/// Keeps the connections of a streamed answer open while it has nothing to say: through a long prompt, a place in the
/// queue, or a value that is sent when it is whole. Proxies and clients give a silent stream up after half a minute or so.
/// </summary>
internal sealed class KeepAlive(HttpContext http)
{
    private readonly TimeProvider _time = http.RequestServices.GetRequiredService<TimeProvider>();
    private readonly TimeSpan _period = http.RequestServices.GetRequiredService<ServeOptions>().PingPeriod;
    private long _spokeAt;

    /// <summary>Waits for the first token, and pings meanwhile.</summary>
    /// <returns>False when there is none.</returns>
    public async ValueTask<bool> FirstAsync(IAsyncEnumerator<SampledToken> tokens, Func<ValueTask> ping)
    {
        ValueTask<bool> next = tokens.MoveNextAsync();
        if (next.IsCompleted)
            return await next;
        Task<bool> first = next.AsTask();
        while (!await EndsWithinAsync(first))
            await PingAsync(ping, first);
        _spokeAt = _time.GetTimestamp();
        return await first;
    }

    /// <summary>A token came; pings when those of a long time have shown nothing.</summary>
    public ValueTask AfterAsync(bool showed, ChatReply reply)
    {
        long now = _time.GetTimestamp();
        if (!showed && _time.GetElapsedTime(_spokeAt, now) < _period)
            return ValueTask.CompletedTask;
        _spokeAt = now;
        return showed ? ValueTask.CompletedTask : reply.PingAsync();
    }

    private async Task<bool> EndsWithinAsync(Task first)
    {
        await first.WaitAsync(_period, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return first.IsCompleted;
    }

    private async Task PingAsync(Func<ValueTask> ping, Task first)
    {
        try
        {
            await ping();
        }
        catch
        {
            // The client has gone, which ends the tokens too; they must not be left while one is being waited for.
            http.Abort();
            await first.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }
}
