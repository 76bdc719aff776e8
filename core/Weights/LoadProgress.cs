namespace Glm5.Core.Weights;

/// <summary>
/// Counts what loading has done, for a progress bar (the observer) and for whoever asks (<see cref="Status"/>). Safe to
/// use from several threads.
/// </summary>
/// <param name="clock">The time.</param>
/// <param name="observer">
/// Told of every change of phase, and of bytes ten times a second at most; called in order, from the loading threads,
/// which wait for it.
/// </param>
public sealed class LoadProgress(TimeProvider clock, IProgress<LoadStatus>? observer = null)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly long _began = clock.GetTimestamp();
    private LoadPhase _phase = LoadPhase.Opening;
    private long _phaseBegan = clock.GetTimestamp();
    private long _lastTold;
    private long _done;
    private long _total;
    private double? _rate;
    private TimeSpan? _ended;
    private string? _failure;

    /// <summary>Loading now.</summary>
    public LoadStatus Status
    {
        get
        {
            lock (_lock)
            {
                return Snapshot();
            }
        }
    }

    /// <summary>Begins a phase.</summary>
    /// <param name="phase">Which.</param>
    /// <param name="bytes">How many bytes it will count; 0 when it counts none.</param>
    public void Enter(LoadPhase phase, long bytes = 0)
    {
        lock (_lock)
        {
            _phase = phase;
            _phaseBegan = clock.GetTimestamp();
            _done = 0;
            _total = bytes;
            _rate = null;
            _ended = phase is LoadPhase.Ready or LoadPhase.Failed ? clock.GetElapsedTime(_began) : null;
            Tell();
        }
    }

    /// <summary>Counts bytes of the present phase.</summary>
    public void Add(long bytes)
    {
        lock (_lock)
        {
            _done += bytes;
            if (_done == _total || clock.GetElapsedTime(_lastTold) >= s_interval)
            {
                Tell();
            }
        }
    }

    /// <summary>
    /// Takes over the figures of a phase that somebody else counts: of a download, whose total grows and which began
    /// with what was here already.
    /// </summary>
    public void Follow(LoadPhase phase, long done, long total, double bytesPerSecond)
    {
        lock (_lock)
        {
            if (_phase != phase)
                _phaseBegan = clock.GetTimestamp();
            (_phase, _done, _total, _rate) = (phase, done, total, bytesPerSecond);
            Tell();
        }
    }

    /// <summary>Ends loading with an error.</summary>
    public void Fail(string sentence)
    {
        lock (_lock)
        {
            _failure = sentence;
            Enter(LoadPhase.Failed);
        }
    }

    private void Tell()
    {
        _lastTold = clock.GetTimestamp();
        observer?.Report(Snapshot());
    }

    private LoadStatus Snapshot()
    {
        double seconds = clock.GetElapsedTime(_phaseBegan).TotalSeconds;
        double rate = _rate ?? (seconds > 0 ? _done / seconds : 0);
        return new LoadStatus(_phase, _done, _total, rate, _ended ?? clock.GetElapsedTime(_began), _failure);
    }
}
