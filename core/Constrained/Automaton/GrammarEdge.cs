namespace Glm5.Core.Constrained.Automaton;

/// <summary>What it takes to go along an edge.</summary>
internal enum EdgeKind : byte
{
    /// <summary>Nothing.</summary>
    Empty,

    /// <summary>A byte from low to high.</summary>
    Bytes,

    /// <summary>One token that text cannot spell.</summary>
    Tag,

    /// <summary>A text of a rule, least to most times in a row.</summary>
    Rule,
}

/// <summary>An edge between states of one rule.</summary>
/// <param name="Kind">What it takes.</param>
/// <param name="To">Where it leads.</param>
/// <param name="Low">Bytes: the lowest. Tag: its number.</param>
/// <param name="High">Bytes: the highest. Tag: its number.</param>
/// <param name="Rule">Rule: its number.</param>
/// <param name="Least">Rule: how often at least, 1 or more; that it may be left out is another edge.</param>
/// <param name="Most">Rule: how often at most; <see cref="NoEnd"/> for ever.</param>
internal readonly record struct GrammarEdge(
    EdgeKind Kind, int To, int Low = 0, int High = 0, int Rule = 0, int Least = 1, int Most = 1)
{
    /// <summary>Any number of times.</summary>
    public const int NoEnd = int.MaxValue;

    /// <summary>True when a byte or a tag leads along it.</summary>
    public bool Takes(EdgeKind kind, int symbol) => Kind == kind && Low <= symbol && symbol <= High;
}
