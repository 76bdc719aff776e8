namespace Glm5.Core.Chat.Jinja;

/// <summary>The tokens of a template as a parser takes them, and how deep it is in them.</summary>
internal sealed class TokenStream(List<Token> tokens, int deepest)
{
    private int _at;
    private int _depth;

    public Token Current => tokens[_at];

    /// <summary>The token after the current one; at the end the end again.</summary>
    public Token Next => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    public Token Take()
    {
        Token token = Current;
        _at = Math.Min(_at + 1, tokens.Count - 1);
        return token;
    }

    public bool TrySkipOperator(string text) => TrySkip(Current.IsOperator(text));

    public bool TrySkipName(string text) => TrySkip(Current.IsName(text));

    public Token Expect(TokenKind kind, string expected) => Current.Kind == kind ? Take() : throw Expected(expected);

    public void ExpectOperator(string text)
    {
        if (!TrySkipOperator(text))
        {
            throw Expected($"'{text}'");
        }
    }

    public void ExpectName(string text)
    {
        if (!TrySkipName(text))
        {
            throw Expected($"'{text}'");
        }
    }

    public SyntaxFault Expected(string what) => new($"expected {what}, got {Current.Description}", Current.Offset);

    /// <summary>Begins something that nests in itself.</summary>
    /// <exception cref="SyntaxFault">It nests too deep.</exception>
    public void Enter()
    {
        if (++_depth > deepest)
        {
            throw new SyntaxFault($"the template nests deeper than the bound of {deepest}", Current.Offset);
        }
    }

    public void Leave() => _depth--;

    private bool TrySkip(bool skips)
    {
        if (skips)
        {
            Take();
        }

        return skips;
    }
}
