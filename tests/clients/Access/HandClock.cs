namespace Glm5.Tests.Clients.Access;

/// <summary>A clock that stands until a test moves it.</summary>
internal sealed class HandClock : TimeProvider
{
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + TimeSpan.FromTicks(_ticks);

    public void Move(TimeSpan by) => _ticks += by.Ticks;
}
