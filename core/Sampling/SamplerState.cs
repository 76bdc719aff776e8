using System.Collections.Immutable;

namespace Glm5.Core.Sampling;

/// <summary>
/// All that the choices of a sequence depend on at one moment, so that another process can go on choosing. A sampler made from
/// it chooses what the original would.
/// </summary>
/// <param name="Parameters">The request's parameters.</param>
/// <param name="Seed">Its seed, or the one drawn for it.</param>
/// <param name="PromptLength">Tokens of its prompt.</param>
/// <param name="MinTokens">Tokens before which no stop id is chosen.</param>
/// <param name="StopIds">Ids that end the answer.</param>
/// <param name="Accepted">Tokens of the answer so far.</param>
/// <param name="Thinking">How long the answer may reason; null when it does not, or does not any more.</param>
/// <param name="Counts">How often each token is in the answer, those of the prompt included where they matter; empty without
/// penalties.</param>
public sealed record SamplerState(
    SamplingParameters Parameters, long Seed, int PromptLength, int MinTokens, ImmutableArray<int> StopIds, int Accepted,
    ThinkingBudget? Thinking, IReadOnlyList<KeyValuePair<int, int>> Counts);
