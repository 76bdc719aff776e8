namespace Glm5.Tests.Clients.Hub;

/// <summary>A clock on which time runs faster: waits keep their order and proportions, and tests do not wait.</summary>
internal sealed class ImpatientClock(double speed = 1000) : TimeProvider
{
    private readonly DateTimeOffset _began = TimeProvider.System.GetUtcNow();
    private readonly long _beganAt = TimeProvider.System.GetTimestamp();

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => (long)(TimeProvider.System.GetElapsedTime(_beganAt).Ticks * speed);

    public override DateTimeOffset GetUtcNow() => _began + TimeSpan.FromTicks(GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(TimeProvider.System.CreateTimer(callback, state, Shorten(dueTime), Shorten(period)), Shorten);

    private TimeSpan Shorten(TimeSpan time) => time == Timeout.InfiniteTimeSpan ? time : time / speed;

    private sealed class Timer(ITimer real, Func<TimeSpan, TimeSpan> shorten) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => real.Change(shorten(dueTime), shorten(period));

        public void Dispose() => real.Dispose();

        public ValueTask DisposeAsync() => real.DisposeAsync();
    }
}
