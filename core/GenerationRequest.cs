using System.Collections.Immutable;
using Glm5.Core.Constrained;

namespace Glm5.Core;

/// <summary>What the engine is asked to continue.</summary>
public sealed record GenerationRequest
{
    /// <summary>Prompt ids, at least one.</summary>
    public required ImmutableArray<int> Prompt { get; init; }

    /// <summary>How tokens are chosen.</summary>
    public SamplingParameters Sampling { get; init; } = new();

    /// <summary>Most tokens of the answer; null: until the context is full.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Tokens before which no stop id is chosen.</summary>
    public int MinTokens { get; init; }

    /// <summary>
    /// Ids that end the answer: the model's own and the request's. The ending token is reported as the last.
    /// </summary>
    public ImmutableArray<int> StopIds { get; init; } = [];

    /// <summary>The form that the answer must have; null for any. Needs a stop id that spells no text.</summary>
    public TokenGrammar? Grammar { get; init; }

    /// <summary>
    /// The token after which the grammar binds, such as the end of reasoning; before it the answer cannot end. Null: the
    /// grammar binds from the beginning.
    /// </summary>
    public int? GrammarAfter { get; init; }

    /// <summary>
    /// Keeps the prefix cache apart: rows are shared with requests of the same salt only, and with none of another.
    /// Null shares with all that have none.
    /// </summary>
    public string? CacheSalt { get; init; }
}
