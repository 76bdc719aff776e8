using System.Text;
using Glm5.Core.Chat.Output;

namespace Glm5.Core.Constrained.Automaton;

/// <summary>
/// Collects the rules of a grammar: automata over bytes and tags that call each other. A rule that others call matches
/// at least one byte or tag. One thread.
/// </summary>
internal sealed class GrammarBuilder
{
    private readonly List<(int From, GrammarEdge Edge)> _edges = [];
    private readonly List<GrammarRule> _rules = [];
    private int _states;

    /// <summary>Rules so far.</summary>
    public IReadOnlyList<GrammarRule> Rules => _rules;

    /// <summary>A new state.</summary>
    /// <exception cref="GrammarException">There are too many.</exception>
    public int NewState() => _states < GrammarBounds.States
        ? _states++
        : throw TooLarge($"{GrammarBounds.States} states");

    /// <summary>A new rule with a first and a last state and nothing between them.</summary>
    /// <param name="isCharacter">True for one that matches every character (UTF-8) that is not a control, a quote or a
    /// backslash: such characters in a row need not be looked at one by one.</param>
    public int NewRule(bool isCharacter = false)
    {
        _rules.Add(new GrammarRule(NewState(), NewState(), isCharacter));
        return _rules.Count - 1;
    }

    public void Empty(int from, int to) => Add(from, new GrammarEdge(EdgeKind.Empty, to));

    public void Bytes(int from, byte low, byte high, int to) =>
        Add(from, new GrammarEdge(EdgeKind.Bytes, to, low, high));

    public void Tag(int from, OutputTag tag, int to) =>
        Add(from, new GrammarEdge(EdgeKind.Tag, to, (int)tag, (int)tag));

    public void Call(int from, int rule, int to) => Repeat(from, rule, 1, 1, to);

    /// <summary>A rule's text several times.</summary>
    public void Repeat(int from, int rule, int least, int most, int to)
    {
        if (least == 0)
            Empty(from, to);
        if (most > 0)
            Add(from, new GrammarEdge(EdgeKind.Rule, to, Rule: rule, Least: Math.Max(1, least), Most: most));
    }

    /// <summary>Exactly these bytes; the state after them.</summary>
    public int Literal(int from, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            int next = NewState();
            Bytes(from, value, value, next);
            from = next;
        }

        return from;
    }

    /// <summary>One of several texts. They share beginnings, so a text stands at one place however many there are.</summary>
    public void OneOf(int from, IReadOnlyList<string> texts, int to)
    {
        foreach (int end in AfterEach(from, texts))
            Empty(end, to);
    }

    /// <summary>The state after each of several texts, which share beginnings.</summary>
    public int[] AfterEach(int from, IReadOnlyList<string> texts)
    {
        var children = new Dictionary<(int, byte), int>();
        int[] ends = new int[texts.Count];
        int first = NewState();
        Empty(from, first);
        for (int i = 0; i < ends.Length; i++)
        {
            int at = first;
            foreach (byte value in Encoding.UTF8.GetBytes(texts[i]))
            {
                if (!children.TryGetValue((at, value), out int next))
                {
                    next = NewState();
                    children.Add((at, value), next);
                    Bytes(at, value, value, next);
                }

                at = next;
            }

            ends[i] = at;
        }

        return ends;
    }

    /// <summary>Takes a whole grammar in; returns the rule that its answers are texts of.</summary>
    /// <exception cref="GrammarException">It is too large, or has empty answers, which no rule that others call has.</exception>
    public int Include(Grammar grammar)
    {
        if (new GrammarStates(grammar).Start.CanEnd)
            throw new GrammarException("", "a form that an empty answer has cannot stand beside others");
        int firstState = _states, firstRule = _rules.Count;
        for (int state = 0; state < grammar.States; state++)
            NewState();
        foreach (GrammarRule rule in grammar.Rules)
            _rules.Add(rule with { First = rule.First + firstState, Last = rule.Last + firstState });
        for (int state = 0; state < grammar.States; state++)
        {
            foreach (ref readonly GrammarEdge edge in grammar.EdgesOf(state))
                Add(firstState + state, edge with { To = edge.To + firstState, Rule = edge.Rule + firstRule });
        }

        return firstRule + grammar.Root;
    }

    /// <summary>The grammar, without what leads nowhere.</summary>
    /// <exception cref="GrammarException">No text has this form, or it is too large.</exception>
    public Grammar Build(int root)
    {
        bool[] alive = Liveness.Of(_states, _edges, _rules);
        if (!alive[_rules[root].First])
        {
            throw new GrammarException(
                "", "no answer can have this form: its conditions exclude each other, or never end");
        }

        var kept = new List<(int From, GrammarEdge Edge)>(_edges.Count);
        foreach ((int from, GrammarEdge edge) in _edges)
        {
            if (alive[from] && alive[edge.To] && (edge.Kind != EdgeKind.Rule || alive[_rules[edge.Rule].First]))
                kept.Add((from, edge));
        }

        return new Grammar(_states, kept, [.. _rules], root);
    }

    private void Add(int from, GrammarEdge edge)
    {
        if (_edges.Count == GrammarBounds.Edges)
            throw TooLarge($"{GrammarBounds.Edges} edges");
        _edges.Add((from, edge));
    }

    private static GrammarException TooLarge(string bound) =>
        new("", $"the form is too large: its automaton has more than {bound}; ask for less, or for smaller bounds");
}

/// <summary>A rule's states.</summary>
/// <param name="First">Where it begins.</param>
/// <param name="Last">Where it has matched.</param>
/// <param name="IsCharacter">See <see cref="GrammarBuilder.NewRule"/>.</param>
internal readonly record struct GrammarRule(int First, int Last, bool IsCharacter);
