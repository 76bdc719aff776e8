namespace Glm5.Core.Constrained.Automaton;

/// <summary>Finds the states from which a rule can still come to its end.</summary>
internal static class Liveness
{
    /// <summary>[states] true where the end can be reached, called rules' ends included.</summary>
    public static bool[] Of(int states, List<(int From, GrammarEdge Edge)> edges, List<GrammarRule> rules)
    {
        int[][] into = ByKey(states, edges, edge => edge.To);
        int[][] calling = ByKey(states, edges, edge => edge.Kind == EdgeKind.Rule ? rules[edge.Rule].First : -1);
        var alive = new bool[states];
        var fresh = new Stack<int>();
        foreach (GrammarRule rule in rules)
            Wake(rule.Last);
        while (fresh.TryPop(out int state))
        {
            foreach (int index in into[state])
                Look(index);
            foreach (int index in calling[state])
                Look(index);
        }

        return alive;

        void Look(int index)
        {
            (int from, GrammarEdge edge) = edges[index];
            if (alive[edge.To] && (edge.Kind != EdgeKind.Rule || alive[rules[edge.Rule].First]))
                Wake(from);
        }

        void Wake(int state)
        {
            if (alive[state])
                return;
            alive[state] = true;
            fresh.Push(state);
        }
    }

    /// <summary>[states] indexes of the edges with each state as key; a key below 0 is none.</summary>
    private static int[][] ByKey(int states, List<(int From, GrammarEdge Edge)> edges, Func<GrammarEdge, int> key)
    {
        int[] counts = new int[states];
        foreach ((_, GrammarEdge edge) in edges)
        {
            if (key(edge) is >= 0 and int state)
                counts[state]++;
        }

        int[][] lists = new int[states][];
        for (int state = 0; state < states; state++)
            lists[state] = counts[state] == 0 ? [] : new int[counts[state]];
        for (int index = edges.Count - 1; index >= 0; index--)
        {
            if (key(edges[index].Edge) is >= 0 and int state)
                lists[state][--counts[state]] = index;
        }

        return lists;
    }
}
