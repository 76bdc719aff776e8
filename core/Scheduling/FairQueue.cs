namespace Glm5.Core.Scheduling;

/// <summary>
/// The sequences that wait, ordered by urgency; of equally urgent ones those that had run before they were preempted;
/// then by the share of their key; then by arrival. Fair queueing by virtual token counters (Sheng et al., "Fairness in
/// Serving Large Language Models", OSDI 2024): a key is charged for its prompts when they are admitted, for its answers
/// as they grow, and what was preempted is not charged again.
/// </summary>
internal sealed class FairQueue
{
    private const int FewFlows = 64;

    private readonly Dictionary<string, Flow> _byKey = new(StringComparer.Ordinal);
    private readonly Flow _keyless = new(), _preempted = new();
    private readonly PlacedHeap<Flow, Flow.ByTurn> _turns = new();
    private readonly PlacedHeap<Flow, Flow.ByTime> _times = new();
    private int _sweepAt = FewFlows;
    private long _lastTime;

    public FairQueue() => _preempted.StandsAt = -1;

    /// <summary>Flows with sequences that wait.</summary>
    public ReadOnlySpan<Flow> Waiting => _turns.Items;

    /// <summary>Flows that are remembered.</summary>
    public int Count => _byKey.Count;

    /// <summary>The flow of a key, made when there is none. Its newest sequence's weight is its weight.</summary>
    public Flow Join(string? key, int weight)
    {
        Flow flow = key is null ? _keyless : Find(key);
        flow.Weigh(weight);
        flow.Live++;
        return flow;
    }

    /// <summary>The sequence whose turn it is; null when none waits.</summary>
    public Sequence? First()
    {
        while (_turns.First is { } flow)
        {
            if (flow == _preempted || flow.StandsAt == flow.Time)
                return flow.Waiting.First;
            Restand(flow);
        }

        return null;
    }

    /// <summary>Adds a sequence that has joined.</summary>
    public void Add(Sequence sequence)
    {
        Flow flow = sequence.WaitsIn = sequence.Admissions == 0 ? sequence.Flow : _preempted;
        bool wasEmpty = flow.Waiting.Count == 0;
        flow.Waiting.Add(sequence);
        if (!wasEmpty)
            _turns.Moved(flow);
        else
            Enter(flow);
    }

    /// <summary>Takes one out, wherever it stands.</summary>
    public void Remove(Sequence sequence)
    {
        Flow flow = sequence.WaitsIn!;
        sequence.WaitsIn = null;
        flow.Waiting.Remove(sequence);
        if (flow.Waiting.Count > 0)
        {
            _turns.Moved(flow);
            return;
        }

        _turns.Remove(flow);
        if (flow != _preempted)
            _times.Remove(flow);
    }

    /// <summary>Charges a sequence's key for a prompt that is being admitted.</summary>
    public void Admit(Sequence sequence)
    {
        _lastTime = Math.Max(_lastTime, sequence.Flow.Time);
        sequence.Flow.Charge(Math.Max(1, sequence.PromptLength - sequence.Computed));
    }

    private void Enter(Flow flow)
    {
        if (flow != _preempted)
        {
            flow.CatchUp(Now());
            flow.StandsAt = flow.Time;
            _times.Add(flow);
        }

        _turns.Add(flow);
    }

    /// <summary>
    /// The least virtual time of those that wait, which those that begin to wait start from; when nobody waits, that of
    /// the flow admitted last.
    /// </summary>
    private long Now()
    {
        while (_times.First is { } flow)
        {
            if (flow.StandsAt == flow.Time)
                return flow.Time;
            Restand(flow);
        }

        return _lastTime;
    }

    private void Restand(Flow flow)
    {
        flow.StandsAt = flow.Time;
        _turns.Moved(flow);
        _times.Moved(flow);
    }

    private Flow Find(string key)
    {
        if (_byKey.TryGetValue(key, out Flow? flow))
            return flow;
        if (_byKey.Count >= _sweepAt)
            Sweep();
        flow = new Flow();
        _byKey.Add(key, flow);
        return flow;
    }

    /// <summary>Forgets flows that are as good as new: nothing of theirs lives, and the others have caught up.</summary>
    private void Sweep()
    {
        long now = Now();
        foreach ((string key, Flow flow) in _byKey)
        {
            if (flow.Live == 0 && flow.Time <= now)
                _byKey.Remove(key);
        }

        _sweepAt = Math.Max(FewFlows, 2 * _byKey.Count);
    }
}
