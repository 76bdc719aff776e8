using Glm5.Core;
using Glm5.Core.Sampling;
using Glm5.Host.Workers.Wire;
using Google.Protobuf.Collections;

namespace Glm5.Host.Workers;

/// <summary>A sampler's state on the step channel.</summary>
internal static class SamplerWire
{
    /// <summary>As it travels.</summary>
    public static Sampler Write(SamplerState state)
    {
        SamplingParameters how = state.Parameters;
        var sampler = new Sampler
        {
            Temperature = how.Temperature,
            TopP = how.TopP,
            TopK = how.TopK,
            MinP = how.MinP,
            RepetitionPenalty = how.RepetitionPenalty,
            PresencePenalty = how.PresencePenalty,
            FrequencyPenalty = how.FrequencyPenalty,
            Seed = state.Seed,
            PromptLength = state.PromptLength,
            MinTokens = state.MinTokens,
            Accepted = state.Accepted,
            StopIds = { state.StopIds },
            Biased = { how.LogitBias.Keys },
            Biases = { how.LogitBias.Values },
            Counted = { state.Counts.Select(count => count.Key) },
            Counts = { state.Counts.Select(count => count.Value) },
        };
        if (how.LogProbs is { } top)
            sampler.LogProbs = top;
        if (state.Thinking is { } thinking)
        {
            sampler.Thinking = new Thinking { Tokens = thinking.Tokens, CloseId = thinking.CloseId };
            if (thinking.CallId is { } call)
                sampler.Thinking.CallId = call;
        }

        return sampler;
    }

    /// <summary>As it was.</summary>
    public static SamplerState Read(Sampler sampler) => new(
        new SamplingParameters
        {
            Temperature = sampler.Temperature,
            TopP = sampler.TopP,
            TopK = sampler.TopK,
            MinP = sampler.MinP,
            RepetitionPenalty = sampler.RepetitionPenalty,
            PresencePenalty = sampler.PresencePenalty,
            FrequencyPenalty = sampler.FrequencyPenalty,
            LogProbs = sampler.HasLogProbs ? sampler.LogProbs : null,
            LogitBias = Pairs(sampler.Biased, sampler.Biases),
        },
        sampler.Seed, sampler.PromptLength, sampler.MinTokens, [.. sampler.StopIds], sampler.Accepted,
        sampler.Thinking is { } thinking
            ? new ThinkingBudget(thinking.Tokens, thinking.CloseId, thinking.HasCallId ? thinking.CallId : null)
            : null,
        [.. Pairs(sampler.Counted, sampler.Counts)]);

    /// <summary>In the order given: sums of floats and penalties follow it.</summary>
    private static OrderedDictionary<int, T> Pairs<T>(RepeatedField<int> keys, RepeatedField<T> values)
    {
        var pairs = new OrderedDictionary<int, T>(keys.Count);
        for (int i = 0; i < keys.Count; i++)
            pairs.Add(keys[i], values[i]);
        return pairs;
    }
}
