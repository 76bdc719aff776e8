namespace Glm5.Core.Tokenization;

/// <summary>A stretch of a prompt, in UTF-16 code units.</summary>
public readonly record struct TextSpan(int Start, int Length)
{
    public int End => Start + Length;
}

/// <summary>
/// A rendered prompt that remembers which of its characters came from messages.
/// Added tokens are recognised only outside <see cref="FromMessages"/>, so a literal role token in a user's
/// message stays text; ordinary text is encoded across the borders as if there were none.
/// </summary>
/// <param name="Text">The whole prompt.</param>
/// <param name="FromMessages">Ascending, disjoint, non-empty spans of <paramref name="Text"/> whose characters a client wrote.</param>
public sealed record PromptText(string Text, IReadOnlyList<TextSpan> FromMessages)
{
    /// <summary>Text that is trusted throughout: every added token in it is recognised.</summary>
    public static PromptText Trusted(string text) => new(text, []);
}
