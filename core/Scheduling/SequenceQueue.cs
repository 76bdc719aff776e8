namespace Glm5.Core.Scheduling;

/// <summary>The sequences that wait, in order of arrival. Linked through the sequences, so that leaving from anywhere
/// costs the same with one waiting and with ten thousand.</summary>
internal sealed class SequenceQueue
{
    private Sequence? _last;

    /// <summary>The one to be admitted next.</summary>
    public Sequence? First { get; private set; }

    /// <summary>Sequences in the queue.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a new arrival.</summary>
    public void Append(Sequence sequence)
    {
        (sequence.Previous, sequence.Next) = (_last, null);
        if (_last is null)
            First = sequence;
        else
            _last.Next = sequence;
        _last = sequence;
        Count++;
    }

    /// <summary>Puts one back before all others.</summary>
    public void Prepend(Sequence sequence)
    {
        (sequence.Previous, sequence.Next) = (null, First);
        if (First is null)
            _last = sequence;
        else
            First.Previous = sequence;
        First = sequence;
        Count++;
    }

    /// <summary>Takes one out, wherever it stands.</summary>
    public void Remove(Sequence sequence)
    {
        if (sequence.Previous is null)
            First = sequence.Next;
        else
            sequence.Previous.Next = sequence.Next;
        if (sequence.Next is null)
            _last = sequence.Previous;
        else
            sequence.Next.Previous = sequence.Previous;
        (sequence.Previous, sequence.Next) = (null, null);
        Count--;
    }
}
