using System.Collections.Frozen;
using System.Text.Json;

namespace Glm5.Core.Constrained.Calls;

/// <summary>Which tool calls an answer may have, and what they are held to.</summary>
public sealed record CallForm
{
    /// <summary>The tools, in the form that templates read:
    /// <c>[{"type": "function", "function": {"name", "parameters"}}]</c>.</summary>
    public required JsonElement Tools { get; init; }

    /// <summary>True: the answer is calls and nothing else. False: text, with calls or without.</summary>
    public bool IsRequired { get; init; }

    /// <summary>The one function that may be called; null for any of the tools.</summary>
    public string? Function { get; init; }

    /// <summary>False for one call at most.</summary>
    public bool AllowsSeveral { get; init; } = true;

    /// <summary>
    /// Functions whose schema must be one that can be held to. The arguments of others are held to theirs where a call
    /// is required and their schema is implemented; otherwise they are free.
    /// </summary>
    public FrozenSet<string> Strict { get; init; } = [];
}
