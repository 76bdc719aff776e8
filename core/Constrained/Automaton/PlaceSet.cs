namespace Glm5.Core.Constrained.Automaton;

/// <summary>
/// Works out where a byte leads: the edges that take it, then what costs nothing, ends of rules and calls. A state
/// stands in the set once, on all of its stacks, so the set is never larger than the grammar. One thread.
/// </summary>
internal sealed class PlaceSet(Grammar grammar)
{
    private readonly Dictionary<Frames, Frames> _known = [];
    private readonly Dictionary<int, Frames> _at = [];
    private readonly Stack<int> _fresh = new();
    private readonly Dictionary<int, List<Frame>> _called = [];
    private readonly List<Frame> _merged = [];
    private int _lastId;
    private bool _isTooLarge;

    /// <summary>True when the text may end here.</summary>
    public bool CanEnd { get; private set; }

    /// <summary>Memory of the stacks that are known, roughly.</summary>
    public long Bytes { get; private set; }

    /// <summary>Finds the places before the first byte. False when there are too many.</summary>
    public bool Begin()
    {
        Clear();
        Reach(grammar.Rules[grammar.Root].First, Intern([], isBottom: true));
        return Close();
    }

    /// <summary>Finds the places after a byte or a tag. False when there are too many.</summary>
    public bool Step(GrammarState state, EdgeKind kind, int symbol)
    {
        Clear();
        foreach (ref readonly Place place in state.Places)
        {
            foreach (ref readonly GrammarEdge edge in grammar.EdgesOf(place.State))
            {
                if (edge.Takes(kind, symbol))
                    Reach(edge.To, place.Frames);
            }
        }

        return Close();
    }

    /// <summary>The places that take a byte or a tag, in order.</summary>
    public Place[] Leaves()
    {
        var leaves = new List<Place>(_at.Count);
        foreach ((int state, Frames frames) in _at)
        {
            if (grammar.IsLeaf(state))
                leaves.Add(new Place(state, frames));
        }

        leaves.Sort((one, other) => one.State.CompareTo(other.State));
        return [.. leaves];
    }

    /// <summary>Forgets which sets of stacks exist.</summary>
    public void Forget()
    {
        _known.Clear();
        Bytes = 0;
    }

    private void Clear()
    {
        _at.Clear();
        _fresh.Clear();
        _called.Clear();
        CanEnd = false;
        _isTooLarge = false;
    }

    /// <summary>
    /// First what costs nothing and what returns, until nothing new comes; then calls, callers before those they call,
    /// so that each rule is entered once with all of its callers.
    /// </summary>
    private bool Close()
    {
        while (!_isTooLarge && _fresh.TryPop(out int state))
            Settle(state);
        foreach ((int state, Frames frames) in _at)
        {
            int index = grammar.FirstEdgeOf(state);
            foreach (ref readonly GrammarEdge edge in grammar.EdgesOf(state))
            {
                if (edge.Kind == EdgeKind.Rule)
                    Call(edge.Rule, new Frame(index, 1, frames));
                index++;
            }
        }

        while (!_isTooLarge && _called.Count > 0)
            Enter(NextCalled());
        return !_isTooLarge;
    }

    private void Settle(int state)
    {
        Frames frames = _at[state];
        foreach (ref readonly GrammarEdge edge in grammar.EdgesOf(state))
        {
            if (edge.Kind == EdgeKind.Empty)
                Reach(edge.To, frames);
        }

        if (!grammar.IsLast(state))
            return;
        CanEnd |= frames.IsBottom;
        foreach (ref readonly Frame frame in frames.Items)
            Return(frame);
    }

    private void Return(Frame frame)
    {
        GrammarEdge call = grammar.Edge(frame.Edge);
        if (frame.Count >= call.Least)
            Reach(call.To, frame.Below);
        if (frame.Count >= call.Most)
            return;
        int next = call.Most == GrammarEdge.NoEnd ? Math.Min(frame.Count + 1, call.Least) : frame.Count + 1;
        Call(call.Rule, frame with { Count = next });
    }

    private void Call(int rule, Frame frame)
    {
        if (!_called.TryGetValue(rule, out List<Frame>? frames))
            _called.Add(rule, frames = []);
        frames.Add(frame);
        _isTooLarge |= frames.Count > GrammarBounds.Places;
    }

    private int NextCalled()
    {
        int next = -1;
        foreach (int rule in _called.Keys)
        {
            if (next < 0 || (grammar.Openings[rule].Order, rule).CompareTo((grammar.Openings[next].Order, next)) < 0)
                next = rule;
        }

        return next;
    }

    private void Enter(int rule)
    {
        _called.Remove(rule, out List<Frame>? callers);
        Frames frames = Intern(callers!, isBottom: false);
        foreach (int leaf in grammar.Openings[rule].Leaves)
            Put(leaf, frames);
        foreach (int index in grammar.Openings[rule].Calls)
            Call(grammar.Edge(index).Rule, new Frame(index, 1, frames));
    }

    private void Reach(int state, Frames frames)
    {
        if (Put(state, frames))
            _fresh.Push(state);
    }

    /// <summary>Adds stacks to a state; true when some of them are new there.</summary>
    private bool Put(int state, Frames frames)
    {
        if (!_at.TryGetValue(state, out Frames? before))
        {
            _at.Add(state, frames);
            _isTooLarge |= _at.Count > GrammarBounds.Places;
            return true;
        }

        if (ReferenceEquals(before, frames))
            return false;
        _merged.Clear();
        _merged.AddRange(before.Items);
        _merged.AddRange(frames.Items);
        Frames both = Intern(_merged, before.IsBottom || frames.IsBottom);
        if (ReferenceEquals(both, before))
            return false;
        _at[state] = both;
        return true;
    }

    private Frames Intern(List<Frame> frames, bool isBottom)
    {
        frames.Sort(Frames.Compare);
        int kept = 0;
        for (int i = 0; i < frames.Count; i++)
        {
            if (kept == 0 || frames[i] != frames[kept - 1])
                frames[kept++] = frames[i];
        }

        frames.RemoveRange(kept, frames.Count - kept);
        _isTooLarge |= kept > GrammarBounds.Places;
        var set = new Frames([.. frames], isBottom, _lastId + 1);
        if (_known.TryGetValue(set, out Frames? same))
            return same;
        _lastId++;
        _known.Add(set, set);
        Bytes += set.Bytes;
        return set;
    }
}
