namespace Glm5.Core.Scheduling;

/// <summary>
/// The one place where other threads meet the engine's: new sequences, cancellations, and the wish to stop. Bounded: a
/// request that finds every place taken is turned away at once. Any thread posts, the engine's thread takes.
/// </summary>
internal sealed class Inbox(int places) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _mail = new(initialState: false);
    private readonly Queue<Letter> _letters = new();
    private volatile bool _hasMail;
    private bool _closed;
    private long _arrived;
    private int _live;

    /// <summary>Sequences that were posted and have not ended.</summary>
    public int Live => Volatile.Read(ref _live);

    /// <summary>True when no more sequences are taken.</summary>
    public bool Draining { get; private set; }

    /// <summary>True when everything is to be cancelled.</summary>
    public bool CancelsAll { get; private set; }

    /// <summary>True when the engine's thread is to end.</summary>
    public bool Stopping { get; private set; }

    /// <summary>Posts a new sequence, unless it is drained or every place is taken.</summary>
    public PostResult Post(Sequence sequence)
    {
        lock (_gate)
        {
            if (_closed || Draining)
                return PostResult.Closed;
            if (_live >= places)
                return PostResult.Full;
            sequence.Arrival = _arrived++;
            Interlocked.Increment(ref _live);
            _letters.Enqueue(new Letter(sequence, Cancels: false));
            Ring();
            return PostResult.Taken;
        }
    }

    /// <summary>Posts a cancellation; without effect once the engine has ended.</summary>
    public void Cancel(Sequence sequence)
    {
        lock (_gate)
        {
            if (_closed)
                return;
            _letters.Enqueue(new Letter(sequence, Cancels: true));
            Ring();
        }
    }

    /// <summary>Takes no more sequences.</summary>
    public void Drain()
    {
        lock (_gate)
        {
            Draining = true;
            Ring();
        }
    }

    /// <summary>Asks for the end of every sequence.</summary>
    public void CancelAll()
    {
        lock (_gate)
        {
            (Draining, CancelsAll) = (true, true);
            Ring();
        }
    }

    /// <summary>Asks for the end of the engine's thread.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            (Draining, Stopping) = (true, true);
            Ring();
        }
    }

    /// <summary>Wakes the engine's thread without a letter.</summary>
    public void Wake()
    {
        lock (_gate)
            Ring();
    }

    /// <summary>Takes the next letter; those of one sequence come in the order they were posted.</summary>
    public bool TryTake(out Letter letter)
    {
        lock (_gate)
            return _letters.TryDequeue(out letter);
    }

    /// <summary>True when something was posted since the last call; costs no lock when nothing was.</summary>
    public bool HasMail()
    {
        if (!_hasMail)
            return false;
        _hasMail = false;
        return true;
    }

    /// <summary>Blocks until something is posted.</summary>
    public void Wait() => _mail.WaitOne();

    /// <summary>A sequence has ended: its place is free.</summary>
    public void Leave() => Interlocked.Decrement(ref _live);

    /// <summary>Takes nothing more; what was posted before can still be taken.</summary>
    public void Close()
    {
        lock (_gate)
            _closed = true;
    }

    /// <summary>Frees the signal; the engine's thread has ended.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            _mail.Dispose();
        }
    }

    private void Ring()
    {
        _hasMail = true;
        if (!_closed)
            _mail.Set();
    }
}

/// <summary>A new sequence, or the wish to end one.</summary>
internal readonly record struct Letter(Sequence Sequence, bool Cancels);

/// <summary>What became of a posted sequence.</summary>
internal enum PostResult
{
    /// <summary>It will run.</summary>
    Taken,

    /// <summary>Every place is taken.</summary>
    Full,

    /// <summary>No more are taken.</summary>
    Closed,
}
