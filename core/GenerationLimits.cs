using System.Collections.Immutable;

namespace Glm5.Core;

/// <summary>What a model can serve, and the sentences that say so when a request asks for something else.</summary>
/// <param name="ContextLength">Most tokens of a sequence, prompt and answer together.</param>
/// <param name="VocabularySize">One more than the highest id.</param>
internal sealed record GenerationLimits(int ContextLength, int VocabularySize)
{
    /// <summary>Checks a request and returns how many tokens its sequence may have in all.</summary>
    /// <exception cref="RequestRefusedException">The request can never be served.</exception>
    public int Check(GenerationRequest request)
    {
        CheckIds(request.Prompt, "prompt");
        CheckIds(request.StopIds, "stop_token_ids");
        CheckSampling(request.Sampling);
        return CheckLength(request);
    }

    private int CheckLength(GenerationRequest request)
    {
        int prompt = request.Prompt.Length, room = ContextLength - prompt;
        Require(prompt > 0, "prompt", "the prompt is empty; it needs at least one token");
        Require(
            room > 0, "prompt",
            $"the prompt has {prompt} tokens and the model's context ends at {ContextLength}, so there is no room for an answer; "
            + "shorten the prompt");
        int most = request.MaxTokens ?? room;
        Require(most > 0, "max_tokens", $"max_tokens is {most}; it must be at least 1");
        Require(
            most <= room, "max_tokens",
            $"the prompt's {prompt} tokens and max_tokens {most} are {(long)prompt + most} together, the model's context ends at "
            + $"{ContextLength}; ask for at most {room}");
        Require(
            request.MinTokens >= 0 && request.MinTokens <= most, "min_tokens",
            $"min_tokens is {request.MinTokens}; it must be between 0 and the {most} tokens that the answer can have");
        return prompt + most;
    }

    private void CheckIds(ImmutableArray<int> ids, string field)
    {
        Require(!ids.IsDefault, field, $"{field} is missing");
        for (int i = 0; i < ids.Length; i++)
        {
            if ((uint)ids[i] >= (uint)VocabularySize)
            {
                throw new RequestRefusedException(
                    $"{field}[{i}] is {ids[i]}; the model's token ids go from 0 to {VocabularySize - 1}", field);
            }
        }
    }

    private void CheckSampling(SamplingParameters sampling)
    {
        Require(sampling.Temperature is >= 0 and < float.PositiveInfinity, "temperature", $"temperature is {sampling.Temperature}; it must be 0 or more");
        Require(sampling.TopP is > 0 and <= 1, "top_p", $"top_p is {sampling.TopP}; it must be more than 0 and at most 1");
        Require(sampling.TopK >= 0, "top_k", $"top_k is {sampling.TopK}; it must be 0, which keeps all, or more");
        Require(sampling.MinP is >= 0 and <= 1, "min_p", $"min_p is {sampling.MinP}; it must be between 0 and 1");
        Require(
            sampling.RepetitionPenalty is > 0 and < float.PositiveInfinity, "repetition_penalty",
            $"repetition_penalty is {sampling.RepetitionPenalty}; it must be more than 0");
        Require(
            float.IsFinite(sampling.PresencePenalty), "presence_penalty", $"presence_penalty is {sampling.PresencePenalty}; it must be a number");
        Require(
            float.IsFinite(sampling.FrequencyPenalty), "frequency_penalty", $"frequency_penalty is {sampling.FrequencyPenalty}; it must be a number");
        Require(
            sampling.LogProbs is not { } top || (top >= 0 && top <= VocabularySize), "logprobs",
            $"logprobs is {sampling.LogProbs}; it must be between 0 and the vocabulary's {VocabularySize}");
        foreach ((int id, float bias) in sampling.LogitBias)
        {
            Require(
                (uint)id < (uint)VocabularySize, "logit_bias", $"logit_bias names token {id}; the model's token ids go from 0 to {VocabularySize - 1}");
            Require(float.IsFinite(bias), "logit_bias", $"logit_bias of token {id} is {bias}; it must be a number");
        }
    }

    private static void Require(bool holds, string field, string otherwise)
    {
        if (!holds)
            throw new RequestRefusedException(otherwise, field);
    }
}
