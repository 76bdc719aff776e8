using Glm5.Core.Constrained.Automaton;

namespace Glm5.Core.Constrained;

/// <summary>
/// Tokens by their bytes, as a tree laid out depth first: what follows a node is its first child, and a subtree can be
/// jumped over. Immutable.
/// </summary>
internal sealed class TokenTrie
{
    private const int NoToken = -1;

    /// <summary>What a step costs that is not known yet, in looks at one that is.</summary>
    private const int LooksOfNewStep = 50;

    private readonly Node[] _nodes;

    /// <summary>By token: the next one with the same bytes.</summary>
    private readonly Dictionary<int, int> _twins = [];

    /// <param name="tokens">Ids.</param>
    /// <param name="bytesOf">Their bytes, at least one each.</param>
    public TokenTrie(List<int> tokens, Func<int, byte[]> bytesOf)
    {
        var sorted = new List<(byte[] Bytes, int Token)>(tokens.Count);
        foreach (int token in tokens)
            sorted.Add((bytesOf(token), token));
        sorted.Sort((one, other) =>
            one.Bytes.AsSpan().SequenceCompareTo(other.Bytes) is not 0 and int order ? order : one.Token - other.Token);
        var nodes = new List<Node>();
        var path = new List<int>();
        byte[] before = [];
        foreach ((byte[] bytes, int token) in sorted)
        {
            int shared = bytes.AsSpan().CommonPrefixLength(before);
            Leave(nodes, path, shared);
            for (int depth = shared; depth < bytes.Length; depth++)
            {
                path.Add(nodes.Count);
                nodes.Add(new Node(bytes[depth], checked((ushort)(depth + 1)), 0, NoToken));
            }

            if (nodes[path[^1]].Token is not NoToken and int twin)
                _twins.Add(token, twin);
            nodes[path[^1]] = nodes[path[^1]] with { Token = token };
            Deepest = Math.Max(Deepest, bytes.Length);
            before = bytes;
        }

        Leave(nodes, path, 0);
        _nodes = [.. nodes];
    }

    /// <summary>Bytes of the longest token.</summary>
    public int Deepest { get; }

    /// <summary>Sets the bits of the tokens that may come, looking at no more places than are left.</summary>
    /// <param name="states">The automaton.</param>
    /// <param name="from">Where the text stands.</param>
    /// <param name="words">One bit a token.</param>
    /// <param name="path">Room for one state more than <see cref="Deepest"/>.</param>
    /// <param name="looks">Places that may still be looked at.</param>
    public void Mark(GrammarStates states, GrammarState from, Span<ulong> words, GrammarState[] path, ref int looks)
    {
        path[0] = from;
        for (int at = 0; at < _nodes.Length;)
        {
            ref readonly Node node = ref _nodes[at];
            if (looks < 0 && node.Depth > 1)
            {
                at = node.End;
                continue;
            }

            int found = states.Found;
            GrammarState above = path[node.Depth - 1], state = states.Step(above, node.Value);
            looks -= above.Places.Length * (states.Found == found ? 1 : LooksOfNewStep);
            if (!state.IsDead)
                Mark(node.Token, words);
            path[node.Depth] = state;
            at = state.IsOver ? node.End : at + 1;
        }
    }

    private void Mark(int token, Span<ulong> words)
    {
        while (token != NoToken)
        {
            words[token / 64] |= 1UL << (token % 64);
            token = _twins.Count == 0 ? NoToken : _twins.GetValueOrDefault(token, NoToken);
        }
    }

    private static void Leave(List<Node> nodes, List<int> path, int depth)
    {
        for (int i = depth; i < path.Count; i++)
            nodes[path[i]] = nodes[path[i]] with { End = nodes.Count };
        path.RemoveRange(depth, path.Count - depth);
    }

    /// <summary>A byte after others.</summary>
    /// <param name="Value">The byte.</param>
    /// <param name="Depth">Bytes so far, this one counted.</param>
    /// <param name="End">The node after the subtree.</param>
    /// <param name="Token">The token with these bytes; -1 for none.</param>
    private readonly record struct Node(byte Value, ushort Depth, int End, int Token);
}
