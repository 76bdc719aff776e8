namespace Glm5.Core.Constrained.Automaton;

/// <summary>
/// What entering a rule amounts to, found once: states that take a byte or tag, and rules called before any.
/// </summary>
/// <param name="Leaves">States that take a byte or a tag.</param>
/// <param name="Calls">Edges that call a rule.</param>
/// <param name="Order">Lower for callers than for what they call before the first byte.</param>
internal sealed record RuleOpening(int[] Leaves, int[] Calls, int Order)
{
    /// <summary>[rules] the opening of each.</summary>
    /// <exception cref="GrammarException">A rule calls itself before its first byte.</exception>
    public static RuleOpening[] Of(Grammar grammar)
    {
        var openings = new RuleOpening[grammar.Rules.Length];
        for (int rule = 0; rule < openings.Length; rule++)
            openings[rule] = Explore(grammar, grammar.Rules[rule]);

        // A caller's height is above its callees'; the highest come first.
        int[] heights = new int[openings.Length];
        for (int rule = 0; rule < openings.Length; rule++)
            Measure(grammar, openings, heights, rule);
        for (int rule = 0; rule < openings.Length; rule++)
            openings[rule] = openings[rule] with { Order = -heights[rule] };
        return openings;
    }

    private static RuleOpening Explore(Grammar grammar, GrammarRule rule)
    {
        var leaves = new List<int>();
        var calls = new List<int>();
        HashSet<int> seen = [rule.First];
        var open = new Stack<int>([rule.First]);
        while (open.TryPop(out int state))
        {
            if (grammar.IsLeaf(state))
                leaves.Add(state);
            int index = grammar.FirstEdgeOf(state);
            foreach (ref readonly GrammarEdge edge in grammar.EdgesOf(state))
            {
                if (edge.Kind == EdgeKind.Rule)
                    calls.Add(index);
                else if (edge.Kind == EdgeKind.Empty && seen.Add(edge.To))
                    open.Push(edge.To);
                index++;
            }
        }

        return new RuleOpening([.. leaves], [.. calls], 0);
    }

    /// <summary>Depth first without recursion: chains of rules may be long.</summary>
    private static void Measure(Grammar grammar, RuleOpening[] openings, int[] heights, int from)
    {
        const int Open = -1;
        var path = new Stack<int>([from]);
        while (path.TryPeek(out int rule))
        {
            if (heights[rule] > 0)
            {
                path.Pop();
                continue;
            }

            heights[rule] = Open;
            int height = 0;
            bool waits = false;
            foreach (int call in openings[rule].Calls)
            {
                int callee = grammar.Edge(call).Rule;
                if (heights[callee] == Open)
                    throw new GrammarException("", "the form calls itself before its first character");
                if (heights[callee] == 0)
                {
                    path.Push(callee);
                    waits = true;
                }

                height = Math.Max(height, heights[callee]);
            }

            if (waits)
                continue;
            heights[rule] = height + 1;
            path.Pop();
        }
    }
}
