using System.Text;

namespace Glm5.Core.Constrained.Text;

/// <summary>An edge that takes a character of a range.</summary>
internal readonly record struct CharEdge(CharRange Range, int To);

/// <summary>
/// A nondeterministic automaton over characters, without edges that take nothing; state 0 is the first. Texts are never
/// searched with backtracking: a walk keeps the set of states. Immutable.
/// </summary>
internal sealed class CharAutomaton
{
    private readonly List<CharEdge[]> _edges;
    private readonly List<bool> _ends;

    private CharAutomaton(List<CharEdge[]> edges, List<bool> ends) => (_edges, _ends) = (edges, ends);

    public int States => _edges.Count;

    public ReadOnlySpan<CharEdge> EdgesOf(int state) => _edges[state];

    /// <summary>True for a state at which the text may end.</summary>
    public bool IsEnd(int state) => _ends[state];

    /// <summary>The automaton of an expression.</summary>
    /// <exception cref="GrammarException">It is too large.</exception>
    public static CharAutomaton Of(RegexNode node) => new ThompsonStates(node).WithoutEmptyEdges();

    /// <summary>Every text but some.</summary>
    public static CharAutomaton AllBut(IEnumerable<string> texts)
    {
        List<SortedDictionary<int, int>> children = [[]];
        List<bool> ends = [true];
        foreach (string text in texts)
        {
            int at = 0;
            foreach (Rune rune in text.EnumerateRunes())
            {
                if (!children[at].TryGetValue(rune.Value, out int next))
                {
                    next = children.Count;
                    children[at].Add(rune.Value, next);
                    children.Add([]);
                    ends.Add(true);
                }

                at = next;
            }

            ends[at] = false;
        }

        int free = children.Count;
        var builder = new Builder();
        for (int state = 0; state <= free; state++)
            builder.NewState(state == free || ends[state]);
        for (int state = 0; state < free; state++)
        {
            var here = new List<CharRange>();
            foreach ((int character, int next) in children[state])
            {
                here.Add(new CharRange(character, character));
                builder.Add(state, new CharEdge(here[^1], next));
            }

            foreach (CharRange range in CharSet.Of(here).Complement().Ranges)
                builder.Add(state, new CharEdge(range, free));
        }

        foreach (CharRange range in CharSet.All.Ranges)
            builder.Add(free, new CharEdge(range, free));
        return builder.Build();
    }

    /// <summary>Texts that both admit.</summary>
    /// <exception cref="GrammarException">They are too many states.</exception>
    public CharAutomaton And(CharAutomaton other)
    {
        var builder = new Builder();
        var known = new Dictionary<(int, int), int>();
        var open = new Queue<(int One, int Other)>();
        StateOf(0, 0);
        while (open.TryDequeue(out (int One, int Other) pair))
        {
            int from = known[pair];
            foreach (CharEdge one in EdgesOf(pair.One))
            {
                foreach (CharEdge two in other.EdgesOf(pair.Other))
                {
                    int low = Math.Max(one.Range.Low, two.Range.Low), high = Math.Min(one.Range.High, two.Range.High);
                    if (low <= high)
                        builder.Add(from, new CharEdge(new CharRange(low, high), StateOf(one.To, two.To)));
                }
            }
        }

        return builder.Build();

        int StateOf(int one, int two)
        {
            if (known.TryGetValue((one, two), out int state))
                return state;
            state = builder.NewState(IsEnd(one) && other.IsEnd(two));
            known.Add((one, two), state);
            open.Enqueue((one, two));
            return state;
        }
    }

    /// <summary>Every text that it does not admit, by sets of states.</summary>
    /// <exception cref="GrammarException">They are too many.</exception>
    public CharAutomaton Complement() => new CharSubsets(this).Complement();

    /// <summary>True for a text that it admits.</summary>
    public bool Admits(string text)
    {
        HashSet<int> states = [0];
        foreach (Rune rune in text.EnumerateRunes())
        {
            HashSet<int> next = [];
            foreach (int state in states)
            {
                foreach (CharEdge edge in EdgesOf(state))
                {
                    if (edge.Range.Low <= rune.Value && rune.Value <= edge.Range.High)
                        next.Add(edge.To);
                }
            }

            states = next;
        }

        foreach (int state in states)
        {
            if (IsEnd(state))
                return true;
        }

        return false;
    }

    /// <summary>Collects states and edges within bounds.</summary>
    internal sealed class Builder
    {
        private const int MostEdges = 10 * GrammarBounds.PatternStates;

        private readonly List<HashSet<CharEdge>> _edges = [];
        private readonly List<bool> _ends = [];
        private int _count;

        public int NewState(bool isEnd)
        {
            Require(_edges.Count < GrammarBounds.PatternStates);
            _edges.Add([]);
            _ends.Add(isEnd);
            return _edges.Count - 1;
        }

        public void Add(int from, CharEdge edge) => Require(!_edges[from].Add(edge) || ++_count <= MostEdges);

        public CharAutomaton Build()
        {
            var edges = new List<CharEdge[]>(_edges.Count);
            foreach (HashSet<CharEdge> some in _edges)
                edges.Add([.. some]);
            return new CharAutomaton(edges, _ends);
        }

        public static void Require(bool isWithinBounds)
        {
            if (!isWithinBounds)
            {
                throw new GrammarException(
                    "", $"the pattern is too large: it needs more than {GrammarBounds.PatternStates} states; shorten it, or "
                    + "its counts and lengths");
            }
        }
    }
}
