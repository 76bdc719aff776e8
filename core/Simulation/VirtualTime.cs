namespace Glm5.Core.Simulation;

/// <summary>
/// A clock that moves when it is told to. One thread advances it; any may read it. It counts from an arbitrary moment,
/// in nanoseconds.
/// </summary>
public sealed class VirtualTime : TimeProvider
{
    private const long Nanoseconds = 1_000_000_000;

    private long _now;

    /// <inheritdoc/>
    public override long TimestampFrequency => Nanoseconds;

    /// <summary>Seconds since its beginning.</summary>
    public double Seconds => GetTimestamp() / (double)Nanoseconds;

    /// <inheritdoc/>
    public override long GetTimestamp() => Volatile.Read(ref _now);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(GetTimestamp() / 100);

    /// <summary>Moves on by so many seconds, rounded to a nanosecond; never back.</summary>
    public void Advance(double seconds) =>
        Volatile.Write(ref _now, _now + (long)Math.Round(Math.Max(0, seconds) * Nanoseconds));

    /// <summary>Moves on to the first nanosecond that is not before a moment, unless that is past already.</summary>
    public void AdvanceTo(double seconds)
    {
        long to = (long)Math.Ceiling(seconds * Nanoseconds);
        // Seconds as a number round: whoever waits for this moment must find that it has come.
        while (to / (double)Nanoseconds < seconds)
            to++;
        Volatile.Write(ref _now, Math.Max(_now, to));
    }
}
