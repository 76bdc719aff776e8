namespace Glm5.Core.Constrained.Text;

/// <summary>An expression as states with edges that may take nothing, which are then taken out.</summary>
internal sealed class ThompsonStates
{
    private const int MostStates = 4 * GrammarBounds.PatternStates;

    /// <summary>Parts that add no state, repeated, must not take for ever either.</summary>
    private const int MostParts = 20 * GrammarBounds.PatternStates;

    /// <summary>Optional parts in a row are each near to all that follow.</summary>
    private const int MostLooks = 100 * GrammarBounds.PatternStates;

    private readonly List<List<CharEdge>> _edges = [];
    private readonly List<List<int>> _empty = [];
    private readonly int _first;
    private readonly int _last;
    private int _parts;
    private int _looks;

    public ThompsonStates(RegexNode node)
    {
        _first = NewState();
        _last = Add(node, _first);
    }

    /// <summary>The same texts, by states that a character leads to.</summary>
    public CharAutomaton WithoutEmptyEdges()
    {
        var builder = new CharAutomaton.Builder();
        var known = new Dictionary<int, int>();
        var open = new Queue<int>();
        StateOf(_first);
        while (open.TryDequeue(out int state))
        {
            foreach (int near in Near(state))
            {
                foreach (CharEdge edge in _edges[near])
                    builder.Add(known[state], edge with { To = StateOf(edge.To) });
            }
        }

        return builder.Build();

        int StateOf(int state)
        {
            if (known.TryGetValue(state, out int number))
                return number;
            number = builder.NewState(Near(state).Contains(_last));
            known.Add(state, number);
            open.Enqueue(state);
            return number;
        }
    }

    /// <summary>Adds an expression after a state; the state after it.</summary>
    private int Add(RegexNode node, int from)
    {
        CharAutomaton.Builder.Require(++_parts < MostParts);
        switch (node)
        {
            case RegexNode.Chars chars:
                int to = NewState();
                foreach (CharRange range in chars.Set.Ranges)
                    _edges[from].Add(new CharEdge(range, to));
                return to;
            case RegexNode.Sequence sequence:
                foreach (RegexNode part in sequence.Parts)
                    from = Add(part, from);
                return from;
            case RegexNode.Choice choice:
                return AddChoice(choice, from);
            case RegexNode.Repeat repeat:
                return AddRepeat(repeat, from);
            default:
                throw new InvalidOperationException($"no automaton for {node.GetType().Name}");
        }
    }

    private int AddChoice(RegexNode.Choice choice, int from)
    {
        int end = NewState();
        foreach (RegexNode part in choice.Parts)
        {
            int begin = NewState();
            _empty[from].Add(begin);
            _empty[Add(part, begin)].Add(end);
        }

        return end;
    }

    private int AddRepeat(RegexNode.Repeat repeat, int from)
    {
        for (int i = 0; i < repeat.Least; i++)
            from = Add(repeat.Part, from);
        int end = NewState();
        if (repeat.Most is not { } most)
        {
            // Its own state: what stands before must not become part of the loop.
            int loop = NewState();
            _empty[from].Add(loop);
            _empty[loop].Add(end);
            _empty[Add(repeat.Part, loop)].Add(loop);
            return end;
        }

        for (int i = repeat.Least; i < most; i++)
        {
            int next = NewState();
            _empty[from].Add(end);
            _empty[from].Add(next);
            from = Add(repeat.Part, next);
        }

        _empty[from].Add(end);
        return end;
    }

    private HashSet<int> Near(int state)
    {
        HashSet<int> near = [state];
        var open = new Stack<int>([state]);
        while (open.TryPop(out int at))
        {
            CharAutomaton.Builder.Require(++_looks < MostLooks);
            foreach (int next in _empty[at])
            {
                if (near.Add(next))
                    open.Push(next);
            }
        }

        return near;
    }

    private int NewState()
    {
        CharAutomaton.Builder.Require(_edges.Count < MostStates);
        _edges.Add([]);
        _empty.Add([]);
        return _edges.Count - 1;
    }
}
