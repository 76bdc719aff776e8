namespace Glm5.Core.Chat.Jinja;

internal enum TokenKind
{
    /// <summary>Text outside of tags.</summary>
    Data,

    /// <summary>Opens an output tag: two braces.</summary>
    OutputBegin,
    OutputEnd,

    /// <summary>Opens a statement tag: brace and percent sign.</summary>
    StatementBegin,
    StatementEnd,
    Name,

    /// <summary>A string literal, its escapes already read.</summary>
    String,
    Integer,
    Float,
    Operator,
    End,
}

/// <param name="Kind">The kind.</param>
/// <param name="Text">Its characters; for a string what it stands for, for a number without underscores.</param>
/// <param name="Offset">Where it starts in the normalised source.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Offset)
{
    public bool IsOperator(string text) => Kind == TokenKind.Operator && Text == text;

    public bool IsName(string text) => Kind == TokenKind.Name && Text == text;

    /// <summary>How an error names it.</summary>
    public string Description => Kind switch
    {
        TokenKind.Data => "text",
        TokenKind.OutputBegin => "'{{'",
        TokenKind.OutputEnd => "'}}'",
        TokenKind.StatementBegin => "'{%'",
        TokenKind.StatementEnd => "'%}'",
        TokenKind.String => "a string",
        TokenKind.End => "the end of the template",
        _ => $"'{Text}'",
    };
}
