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

    /// <summary>
    /// How many of the most probable tokens to report at each place of the prompt, beside the one that stands there; null
    /// reports nothing of the prompt. Such a prompt is computed whole, whatever the prefix cache has.
    /// </summary>
    public int? PromptLogProbs { get; init; }

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
    /// Another answer to the same prompt, submitted before: this one waits until that one's prompt is computed and finds
    /// its rows in the prefix cache. Null for none.
    /// </summary>
    public Generation? SharesPromptWith { get; init; }

    /// <summary>How long the answer, which begins in reasoning, may reason; null: as long as it likes.</summary>
    public ThinkingBudget? Thinking { get; init; }

    /// <summary>
    /// Keeps the prefix cache apart: rows are shared with requests of the same salt only, and with none of another.
    /// Null shares with all that have none.
    /// </summary>
    public string? CacheSalt { get; init; }

    /// <summary>
    /// Lower is more urgent: it is admitted earlier, and gives its blocks up later. Other values than 0 are for engines
    /// whose <see cref="ModelOptions.Scheduling"/> is by priority.
    /// </summary>
    public int Priority { get; init; }

    /// <summary>
    /// The longest time from its submission to its first step; when that has passed and it still waits, it ends as
    /// <see cref="FinishReason.Expired"/>. Null waits for as long as it takes.
    /// </summary>
    public TimeSpan? MaxWait { get; init; }

    /// <summary>
    /// Whose request it is. While requests of several keys wait, each key's get tokens in proportion to its weight,
    /// however many they are. Null: one of all those without a key, which are as one.
    /// </summary>
    public string? ShareKey { get; init; }

    /// <summary>
    /// Tokens that its key gets for each one of a key of weight 1, from 1 to <see cref="MaxShareWeight"/>. The latest
    /// request's holds for all of its key.
    /// </summary>
    public int ShareWeight { get; init; } = 1;

    /// <summary>The largest <see cref="ShareWeight"/>.</summary>
    public const int MaxShareWeight = 1000;
}
