using System.Text.Json;
using Glm5.Core.Constrained.Automaton;
using Glm5.Core.Constrained.Calls;
using Glm5.Core.Constrained.Schemas;
using Glm5.Core.Constrained.Text;

namespace Glm5.Core.Constrained;

/// <summary>
/// The form of an answer: a pushdown automaton over its bytes. Rules are automata that call each other, so values nest
/// as deep as they like. Immutable; any thread.
/// </summary>
public sealed class Grammar
{
    private readonly int[] _firstEdge;
    private readonly GrammarEdge[] _edges;
    private readonly int[] _classOfByte = new int[256];
    private readonly bool[] _isLast;
    private readonly bool[] _isLeaf;

    internal Grammar(int states, List<(int From, GrammarEdge Edge)> edges, GrammarRule[] rules, int root)
    {
        (Rules, Root) = (rules, root);
        (_firstEdge, _edges) = ByState(states, edges);
        (_isLast, _isLeaf) = (new bool[states], new bool[states]);
        foreach (GrammarRule rule in rules)
            _isLast[rule.Last] = true;
        foreach ((int from, GrammarEdge edge) in edges)
            _isLeaf[from] |= edge.Kind is EdgeKind.Bytes or EdgeKind.Tag;
        Classes = Classify();
        Openings = RuleOpening.Of(this);
    }

    internal GrammarRule[] Rules { get; }

    internal int Root { get; }

    /// <summary>Memory that it takes, roughly.</summary>
    internal long Bytes => ((long)_edges.Length * 32) + ((long)_firstEdge.Length * 8) + (Rules.Length * 64L);

    /// <summary>Kinds of bytes that no edge tells apart; tags are numbered after them.</summary>
    internal int Classes { get; }

    /// <summary>[rules] what their first states amount to.</summary>
    internal RuleOpening[] Openings { get; }

    /// <summary>Any JSON object.</summary>
    public static Grammar JsonObject() => JsonSchema(JsonElement.Parse("""{"type": "object"}"""u8));

    /// <summary>JSON that satisfies a schema: see <see cref="SchemaGrammar"/> for the keywords.</summary>
    /// <exception cref="GrammarException">The schema is not well formed, not implemented, too large, or has no
    /// answer.</exception>
    public static Grammar JsonSchema(JsonElement schema) => SchemaGrammar.Of(schema);

    /// <summary>Text that a regular expression matches as a whole: see <see cref="RegexParser"/> for the syntax.</summary>
    /// <exception cref="GrammarException">The expression is not well formed, not implemented, or too large.</exception>
    public static Grammar Regex(string pattern)
    {
        var builder = new GrammarBuilder();
        int root = builder.NewRule();
        CharAutomaton automaton = CharAutomaton.Of(RegexParser.Parse(pattern, wholeText: true));
        TextStates.Add(builder, automaton, builder.Rules[root].First, builder.Rules[root].Last, TextForm.Raw);
        return builder.Build(root);
    }

    /// <summary>Exactly one of several texts.</summary>
    /// <exception cref="GrammarException">There is none, or they are too large.</exception>
    public static Grammar Choice(IReadOnlyList<string> texts)
    {
        var builder = new GrammarBuilder();
        int root = builder.NewRule();
        builder.OneOf(builder.Rules[root].First, texts, builder.Rules[root].Last);
        return builder.Build(root);
    }

    /// <summary>Tool calls in the model's own markup, their arguments held to the tools' schemas.</summary>
    /// <exception cref="GrammarException">A strict tool's schema cannot be held to, or it is all too large.</exception>
    public static Grammar Calls(CallForm form) => CallGrammar.Of(form);

    /// <summary>What either of two grammars lets through.</summary>
    /// <exception cref="GrammarException">One of them has empty answers, or they are too large together.</exception>
    public static Grammar Either(Grammar one, Grammar other)
    {
        var builder = new GrammarBuilder();
        int root = builder.NewRule();
        foreach (Grammar grammar in (ReadOnlySpan<Grammar>)[one, other])
        {
            int rule = builder.Include(grammar);
            builder.Call(builder.Rules[root].First, rule, builder.Rules[root].Last);
        }

        return builder.Build(root);
    }

    internal int States => _isLast.Length;

    internal ReadOnlySpan<GrammarEdge> EdgesOf(int state) => _edges.AsSpan(_firstEdge[state].._firstEdge[state + 1]);

    internal int FirstEdgeOf(int state) => _firstEdge[state];

    internal GrammarEdge Edge(int index) => _edges[index];

    internal int ClassOf(byte value) => _classOfByte[value];

    /// <summary>True where a rule has matched.</summary>
    internal bool IsLast(int state) => _isLast[state];

    /// <summary>True for a state that takes a byte or a tag.</summary>
    internal bool IsLeaf(int state) => _isLeaf[state];

    private static (int[] First, GrammarEdge[] Edges) ByState(int states, List<(int From, GrammarEdge Edge)> edges)
    {
        int[] first = new int[states + 1];
        foreach ((int from, _) in edges)
            first[from + 1]++;
        for (int state = 0; state < states; state++)
            first[state + 1] += first[state];
        int[] next = first[..states];
        var sorted = new GrammarEdge[edges.Count];
        foreach ((int from, GrammarEdge edge) in edges)
            sorted[next[from]++] = edge;
        return (first, sorted);
    }

    private int Classify()
    {
        bool[] begins = new bool[257];
        foreach (GrammarEdge edge in _edges)
        {
            if (edge.Kind != EdgeKind.Bytes)
                continue;
            begins[edge.Low] = true;
            begins[edge.High + 1] = true;
        }

        int number = 0;
        for (int value = 0; value < _classOfByte.Length; value++)
        {
            if (value > 0 && begins[value])
                number++;
            _classOfByte[value] = number;
        }

        return number + 1;
    }
}
