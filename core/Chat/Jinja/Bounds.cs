namespace Glm5.Core.Chat.Jinja;

/// <summary>
/// How far a template may go. The defaults are far above what any conversation needs and far below what would hurt the
/// server: a checkpoint's template is somebody else's program and its input is somebody else's text.
/// </summary>
internal sealed record Bounds
{
    public static Bounds Default { get; } = new();

    /// <summary>UTF-16 code units of a template's source.</summary>
    public int SourceLength { get; init; } = 1 << 20;

    /// <summary>How deep statements and brackets nest in the source.</summary>
    public int ParseDepth { get; init; } = 100;

    /// <summary>How many operators of one precedence may follow each other: each deepens the tree by one.</summary>
    public int ChainLength { get; init; } = 200;

    /// <summary>
    /// Evaluated nodes, handled elements and, <see cref="CharactersPerStep"/> to one, handled characters.
    /// </summary>
    public long Steps { get; init; } = 10_000_000;

    /// <summary>Nested evaluations; they fit into 1.5 MB of stack, the smallest default there is.</summary>
    public int Depth { get; init; } = 1000;

    /// <summary>UTF-16 code units of the output and of every text on the way to it.</summary>
    public int TextLength { get; init; } = 1 << 26;

    /// <summary>How deep the input's lists and objects nest.</summary>
    public int InputDepth { get; init; } = 128;

    /// <summary>Elements of a range, as in Jinja's sandbox.</summary>
    public int RangeLength { get; init; } = 100_000;

    /// <summary>Handling this many characters counts as one step.</summary>
    public const int CharactersPerStep = 64;

    /// <summary>Bits of an integer: 4300 decimal digits, as in Python.</summary>
    public const int IntegerBits = 14_285;
}
