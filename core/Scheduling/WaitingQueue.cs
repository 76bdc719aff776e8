namespace Glm5.Core.Scheduling;

/// <summary>The sequences that wait, and whose turn it is. Nothing is allocated when one leaves.</summary>
/// <remarks>
/// The order is that of the <see cref="FairQueue"/>, with a bound on how long it can keep anybody waiting. A sequence
/// that has waited for longer than the time given is late. While the one that arrived first of all is late, it is passed
/// over by at most <see cref="LateEvery"/> - 1 admissions in a row; the next is its own. So a late sequence is admitted
/// within <see cref="LateEvery"/> x (r + 1) admissions, where r is how many that wait arrived before it (one that is
/// preempted meanwhile and waits again counts again), however urgent the others are and whoever they belong to; and
/// the others still have all but one of <see cref="LateEvery"/>.
/// </remarks>
internal sealed class WaitingQueue(TimeProvider time, TimeSpan lateAfter)
{
    /// <summary>Of so many admissions in a row one is the earliest late arrival's.</summary>
    public const int LateEvery = 8;

    private readonly long _lateTicks = (long)(lateAfter.TotalSeconds * time.TimestampFrequency);
    private readonly FairQueue _fair = new();
    private readonly PlacedHeap<Sequence, Sequence.ByArrival> _arrivals = new();
    private readonly PlacedHeap<Sequence, Sequence.ByStart> _starts = new();
    private bool _isEarliestLate;

    /// <summary>Sequences in the queue.</summary>
    public int Count => _arrivals.Count;

    /// <summary>Blocks that all of them need, without what a prefix cache has.</summary>
    public long Blocks { get; private set; }

    /// <summary>All of them, in no order.</summary>
    public ReadOnlySpan<Sequence> All => _arrivals.Items;

    /// <summary>Those of them that must have started by some time, in no order.</summary>
    public ReadOnlySpan<Sequence> Bounded => _starts.Items;

    /// <summary>Who gets which share.</summary>
    public FairQueue Fair => _fair;

    /// <summary>Admissions in a row that passed over the earliest arrival while it was late.</summary>
    public int PassedOver { get; private set; }

    /// <summary>The earliest arrival; null when none waits.</summary>
    public Sequence? Earliest => _arrivals.First;

    /// <summary>Takes a new sequence.</summary>
    public void Add(Sequence sequence)
    {
        sequence.Flow = _fair.Join(sequence.ShareKey, sequence.ShareWeight);
        if (sequence.StartBy is not null)
            _starts.Add(sequence);
        PutBack(sequence);
    }

    /// <summary>Takes back one that has run.</summary>
    public void PutBack(Sequence sequence)
    {
        _arrivals.Add(sequence);
        _fair.Add(sequence);
        // The step in flight may still give a preempted one its tokens: what was added is what will be taken off.
        sequence.QueuedBlocks = sequence.BlocksWanted;
        Blocks += sequence.QueuedBlocks;
    }

    /// <summary>The sequence to be admitted next; null when none waits.</summary>
    public Sequence? Next()
    {
        _isEarliestLate = _arrivals.First is { } earliest && IsLate(earliest);
        return _isEarliestLate && PassedOver >= LateEvery - 1 ? _arrivals.First : _fair.First();
    }

    /// <summary>
    /// The sequence that <see cref="Next"/> named has its blocks: it waits no more, and its key pays for its prompt the
    /// first time.
    /// </summary>
    public void Admit(Sequence sequence)
    {
        PassedOver = _isEarliestLate && sequence != _arrivals.First ? PassedOver + 1 : 0;
        Remove(sequence);
        if (sequence.Admissions == 1)
            _fair.Admit(sequence);
    }

    /// <summary>Takes one out that has ended, wherever it stands.</summary>
    public void Remove(Sequence sequence)
    {
        _arrivals.Remove(sequence);
        _fair.Remove(sequence);
        Blocks -= sequence.QueuedBlocks;
        if (Sequence.ByStart.Place(sequence) != 0)
            _starts.Remove(sequence);
    }

    /// <summary>One that was to have its first step by now; null when there is none.</summary>
    public Sequence? Expired() =>
        _starts.First is { } first && time.GetTimestamp() >= first.StartBy ? first : null;

    /// <summary>True when it has waited, or run and waited, for longer than the time given.</summary>
    public bool IsLate(Sequence sequence) => time.GetTimestamp() - sequence.SubmittedAt > _lateTicks;
}
