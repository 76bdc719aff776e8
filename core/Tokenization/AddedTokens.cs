using System.Buffers;

namespace Glm5.Core.Tokenization;

/// <summary>A token that is matched in text before anything else.</summary>
internal readonly record struct AddedToken(int Id, string Text, bool Special);

/// <summary>Finds added tokens: the leftmost, of several at one place the longest. Immutable; any thread.</summary>
internal sealed class AddedTokens
{
    private readonly Dictionary<string, AddedToken> _byText = new(StringComparer.Ordinal);
    private readonly Dictionary<char, AddedToken[]> _byFirst = [];
    private readonly SearchValues<char> _firsts;

    /// <param name="tokens">Tokens of distinct, non-empty texts.</param>
    public AddedTokens(IReadOnlyList<AddedToken> tokens)
    {
        foreach (AddedToken token in tokens)
        {
            _byText.Add(token.Text, token);
            char first = token.Text[0];
            _byFirst[first] = [.. _byFirst.GetValueOrDefault(first, []), token];
        }

        foreach (AddedToken[] group in _byFirst.Values)
            Array.Sort(group, static (a, b) => b.Text.Length.CompareTo(a.Text.Length));
        _firsts = SearchValues.Create([.. _byFirst.Keys]);
    }

    public int? IdOf(string text) => _byText.TryGetValue(text, out AddedToken token) ? token.Id : null;

    /// <summary>The next added token from <paramref name="from"/> on that shares no character with a message.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="from">Where to start.</param>
    /// <param name="message">Index of the first message span that ends after <paramref name="from"/>; moved
    /// along.</param>
    /// <param name="start">Where it was found.</param>
    /// <param name="found">What was found.</param>
    public bool TryFind(PromptText prompt, int from, ref int message, out int start, out AddedToken found)
    {
        string text = prompt.Text;
        IReadOnlyList<TextSpan> messages = prompt.FromMessages;
        for (int at = from; at < text.Length; at++)
        {
            int skipped = text.AsSpan(at).IndexOfAny(_firsts);
            if (skipped < 0)
                break;

            at += skipped;
            while (message < messages.Count && messages[message].End <= at)
                message++;
            int limit = message < messages.Count ? messages[message].Start : text.Length;
            if (limit <= at)
            {
                at = messages[message].End - 1;
                continue;
            }

            if (TryMatch(text.AsSpan(at, limit - at), out found))
            {
                start = at;
                return true;
            }
        }

        start = text.Length;
        found = default;
        return false;
    }

    private bool TryMatch(ReadOnlySpan<char> text, out AddedToken found)
    {
        foreach (AddedToken token in _byFirst[text[0]])
        {
            if (text.StartsWith(token.Text, StringComparison.Ordinal))
            {
                found = token;
                return true;
            }
        }

        found = default;
        return false;
    }
}
