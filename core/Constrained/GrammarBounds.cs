namespace Glm5.Core.Constrained;

/// <summary>
/// How large a form may be. Requests bring forms, so compiling one and stepping through it take bounded time and memory.
/// </summary>
internal static class GrammarBounds
{
    /// <summary>States of a compiled grammar.</summary>
    public const int States = 200_000;

    /// <summary>Edges of a compiled grammar.</summary>
    public const int Edges = 600_000;

    /// <summary>States of one pattern, number range or string length.</summary>
    public const int PatternStates = 20_000;

    /// <summary>Groups within groups of a regular expression.</summary>
    public const int PatternDepth = 100;

    /// <summary>Schemas that a schema turns into, references followed.</summary>
    public const int Schemas = 10_000;

    /// <summary>Alternatives of one schema, unions multiplied out.</summary>
    public const int Alternatives = 1_000;

    /// <summary>References, unions and intersections that lead from one schema to another for the same value.</summary>
    public const int SchemaDepth = 100;

    /// <summary>
    /// Places in the grammar where one text can stand at once. A byte that leads to more counts as wrong.
    /// </summary>
    public const int Places = 4_096;

    /// <summary>Bytes of positions that are remembered; when there are more, all are forgotten.</summary>
    public const int PositionBytes = 16 << 20;

    /// <summary>Bytes of masks that are remembered; when there are more, all are forgotten.</summary>
    public const int MaskBytes = 8 << 20;

    /// <summary>
    /// Places looked at for one mask. Beyond it the tokens not yet looked at count as wrong, single bytes aside: a
    /// monstrous form costs long tokens, not everybody's time.
    /// </summary>
    public const int MaskLooks = 2_000_000;
}
