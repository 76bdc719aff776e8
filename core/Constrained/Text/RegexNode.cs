using System.Text;

namespace Glm5.Core.Constrained.Text;

/// <summary>What a text is made of, as a regular expression says it.</summary>
internal abstract record RegexNode
{
    /// <summary>The empty text.</summary>
    public static RegexNode Nothing { get; } = new Sequence([]);

    /// <summary>Any text.</summary>
    public static RegexNode Anything { get; } = new Repeat(new Chars(CharSet.All), 0, null);

    /// <summary>Exactly this text.</summary>
    public static RegexNode Literal(string text)
    {
        var parts = new List<RegexNode>(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
            parts.Add(new Chars(CharSet.Of(rune.Value)));
        return new Sequence(parts);
    }

    /// <summary>One character of a set.</summary>
    internal sealed record Chars(CharSet Set) : RegexNode;

    /// <summary>One after the other.</summary>
    internal sealed record Sequence(IReadOnlyList<RegexNode> Parts) : RegexNode;

    /// <summary>One of several.</summary>
    internal sealed record Choice(IReadOnlyList<RegexNode> Parts) : RegexNode;

    /// <summary>The same several times; without an upper bound where most is null.</summary>
    internal sealed record Repeat(RegexNode Part, int Least, int? Most) : RegexNode;
}
