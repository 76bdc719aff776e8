namespace Glm5.Core.Scheduling;

/// <summary>
/// The sequences of one key, and how much it has had. Its virtual time is the tokens it was served, divided by its
/// weight: of the keys that wait the one whose virtual time is least is next, so that all advance alike.
/// </summary>
internal sealed class Flow
{
    /// <summary>
    /// Virtual time of a token at weight 1: fine enough to be divided by every weight, and coarse enough that a key does
    /// not come to the end of time within 8.8e12 tokens.
    /// </summary>
    private const long TokenTime = 1 << 20;

    private long _tokenTime = TokenTime;
    private int _turnPlace, _timePlace;

    /// <summary>Virtual time, which only grows.</summary>
    public long Time { get; private set; }

    /// <summary>
    /// The virtual time by which it stands among the flows. <see cref="Time"/> may have grown since: it is looked at
    /// again when the flow's turn seems to have come.
    /// </summary>
    public long StandsAt { get; set; }

    /// <summary>Its sequences that wait, the most urgent first, of equally urgent ones the earliest.</summary>
    public PlacedHeap<Sequence, Sequence.ByUrgency> Waiting { get; } = new();

    /// <summary>Its sequences that have not ended.</summary>
    public int Live { get; set; }

    /// <summary>From now on it has so many tokens for each one of a flow of weight 1.</summary>
    public void Weigh(int weight) => _tokenTime = TokenTime / weight;

    /// <summary>It was served tokens.</summary>
    public void Charge(int tokens) => Time += tokens * _tokenTime;

    /// <summary>A flow that did not wait has no claim to the time that went by.</summary>
    public void CatchUp(long time) => Time = Math.Max(Time, time);

    /// <summary>By the first sequence's urgency, then by virtual time, then by the first sequence's arrival.</summary>
    internal readonly struct ByTurn : IHeapOrder<Flow>
    {
        /// <inheritdoc/>
        public static bool IsBefore(Flow a, Flow b)
        {
            Sequence first = a.Waiting.First!, second = b.Waiting.First!;
            if (first.Urgency != second.Urgency)
                return first.Urgency < second.Urgency;
            return a.StandsAt != b.StandsAt ? a.StandsAt < b.StandsAt : first.Arrival < second.Arrival;
        }

        /// <inheritdoc/>
        public static ref int Place(Flow item) => ref item._turnPlace;
    }

    /// <summary>By virtual time alone.</summary>
    internal readonly struct ByTime : IHeapOrder<Flow>
    {
        /// <inheritdoc/>
        public static bool IsBefore(Flow a, Flow b) => a.StandsAt < b.StandsAt;

        /// <inheritdoc/>
        public static ref int Place(Flow item) => ref item._timePlace;
    }
}
