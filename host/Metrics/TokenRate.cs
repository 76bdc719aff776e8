namespace Glm5.Host.Metrics;

/// <summary>
/// How fast a count grows, for whoever cannot subtract: between the present reading and one of some seconds ago. Several
/// readers do not disturb each other.
/// </summary>
internal sealed class TokenRate(Func<long> count, TimeProvider time)
{
    private static readonly TimeSpan s_apart = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_oldest = TimeSpan.FromSeconds(15);

    private readonly Lock _lock = new();
    private readonly Queue<(long At, long Count)> _readings = new();
    private (long At, long Count) _latest = (time.GetTimestamp(), count());

    /// <summary>Tokens a second.</summary>
    public double Read()
    {
        lock (_lock)
        {
            (long At, long Count) now = (time.GetTimestamp(), count());
            if (_readings.Count == 0 || time.GetElapsedTime(_latest.At, now.At) >= s_apart)
            {
                _readings.Enqueue(_latest);
                _latest = now;
            }

            while (_readings.Count > 1 && time.GetElapsedTime(_readings.Peek().At, now.At) > s_oldest)
                _readings.Dequeue();
            (long at, long before) = _readings.Peek();
            double seconds = time.GetElapsedTime(at, now.At).TotalSeconds;
            return seconds > 0 ? Math.Max(0, now.Count - before) / seconds : 0;
        }
    }
}
