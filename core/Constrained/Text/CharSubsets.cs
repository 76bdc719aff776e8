namespace Glm5.Core.Constrained.Text;

/// <summary>
/// An automaton made deterministic: each of its states is a set of states, and of each set every character leads to one.
/// </summary>
internal sealed class CharSubsets(CharAutomaton automaton)
{
    private readonly CharAutomaton.Builder _builder = new();
    private readonly Dictionary<string, int> _known = new(StringComparer.Ordinal);
    private readonly Queue<(int State, int[] Set)> _open = new();

    /// <summary>Every text that the automaton does not admit.</summary>
    public CharAutomaton Complement()
    {
        StateOf([0]);
        while (_open.TryDequeue(out (int State, int[] Set) next))
        {
            int[] cuts = Cuts(next.Set);
            for (int i = 0; i + 1 < cuts.Length; i++)
            {
                int to = StateOf(After(next.Set, cuts[i]));
                foreach (CharRange range in CharSet.Of([new CharRange(cuts[i], cuts[i + 1] - 1)]).Ranges)
                    _builder.Add(next.State, new CharEdge(range, to));
            }
        }

        return _builder.Build();
    }

    /// <summary>Characters at which the edges of a set begin to differ, the first and one past the last included.</summary>
    private int[] Cuts(int[] set)
    {
        SortedSet<int> cuts = [0, CharSet.Last + 1];
        foreach (int state in set)
        {
            foreach (CharEdge edge in automaton.EdgesOf(state))
            {
                cuts.Add(edge.Range.Low);
                cuts.Add(edge.Range.High + 1);
            }
        }

        return [.. cuts];
    }

    private int[] After(int[] set, int character)
    {
        SortedSet<int> after = [];
        foreach (int state in set)
        {
            foreach (CharEdge edge in automaton.EdgesOf(state))
            {
                if (edge.Range.Low <= character && character <= edge.Range.High)
                    after.Add(edge.To);
            }
        }

        return [.. after];
    }

    /// <summary>The empty set is one too: from there on every text is another one.</summary>
    private int StateOf(int[] set)
    {
        string key = string.Join(',', set);
        if (_known.TryGetValue(key, out int state))
            return state;
        bool ends = false;
        foreach (int member in set)
            ends |= automaton.IsEnd(member);
        state = _builder.NewState(!ends);
        _known.Add(key, state);
        _open.Enqueue((state, set));
        return state;
    }
}
