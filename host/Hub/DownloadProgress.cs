namespace Glm5.Host.Hub;

/// <summary>Counts what a download has done, for whoever watches. Safe to use from several threads.</summary>
/// <param name="clock">The time.</param>
/// <param name="observer">
/// Told of every change of phase and finished file, and of bytes ten times a second at most; in order.
/// </param>
internal sealed class DownloadProgress(TimeProvider clock, IProgress<DownloadStatus>? observer = null)
{
    private const int Samples = 32;
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_sampleEvery = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private readonly long _began = clock.GetTimestamp();

    // The rate is that of the last Samples x s_sampleEvery: a mean since the beginning would hide a link's decline.
    private readonly Queue<(long At, long Fetched)> _samples = new([(clock.GetTimestamp(), 0)]);
    private long _lastSampled = clock.GetTimestamp();
    private long _lastTold;
    private DownloadPhase _phase;
    private int _filesDone;
    private int _filesTotal;
    private long _bytesDone;
    private long _bytesTotal;
    private long _bytesFetched;

    /// <summary>The download now.</summary>
    public DownloadStatus Status
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
    public void Enter(DownloadPhase phase)
    {
        lock (_lock)
        {
            _phase = phase;
            Tell();
        }
    }

    /// <summary>More files are needed.</summary>
    public void Expect(int files, long bytes)
    {
        lock (_lock)
        {
            (_filesTotal, _bytesTotal) = (_filesTotal + files, _bytesTotal + bytes);
            Tell();
        }
    }

    /// <summary>Bytes were here already; negative when they turned out to be of no use.</summary>
    public void Found(long bytes)
    {
        lock (_lock)
        {
            _bytesDone += bytes;
            TellNowAndThen();
        }
    }

    /// <summary>Bytes came over the network.</summary>
    public void Fetched(int bytes)
    {
        lock (_lock)
        {
            (_bytesDone, _bytesFetched) = (_bytesDone + bytes, _bytesFetched + bytes);
            if (clock.GetElapsedTime(_lastSampled) >= s_sampleEvery)
            {
                _lastSampled = clock.GetTimestamp();
                _samples.Enqueue((_lastSampled, _bytesFetched));
                if (_samples.Count > Samples)
                    _samples.Dequeue();
            }

            TellNowAndThen();
        }
    }

    /// <summary>A file is complete and checked.</summary>
    public void FileDone()
    {
        lock (_lock)
        {
            _filesDone++;
            Tell();
        }
    }

    private void TellNowAndThen()
    {
        if (clock.GetElapsedTime(_lastTold) >= s_interval)
            Tell();
    }

    private void Tell()
    {
        _lastTold = clock.GetTimestamp();
        observer?.Report(Snapshot());
    }

    private DownloadStatus Snapshot()
    {
        (long at, long fetched) = _samples.Peek();
        double seconds = clock.GetElapsedTime(at).TotalSeconds;
        double rate = seconds > 0 ? (_bytesFetched - fetched) / seconds : 0;
        return new DownloadStatus(
            _phase, _filesDone, _filesTotal, _bytesDone, _bytesTotal, _bytesFetched, rate,
            clock.GetElapsedTime(_began));
    }
}
