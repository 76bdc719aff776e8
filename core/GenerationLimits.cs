using System.Collections.Immutable;
using Glm5.Core.Constrained;

namespace Glm5.Core;

/// <summary>What a model can serve, and the sentences that say so when a request asks for something else.</summary>
/// <param name="ContextLength">Most tokens of a sequence, prompt and answer together.</param>
/// <param name="VocabularySize">One more than the highest id.</param>
/// <param name="Scheduling">Whether requests may have priorities.</param>
/// <param name="SamplesHere">Whether samplers are this process's own.</param>
internal sealed record GenerationLimits(
    int ContextLength, int VocabularySize, SchedulingPolicy Scheduling = SchedulingPolicy.FirstComeFirstServed,
    bool SamplesHere = true)
{
    /// <summary>Checks a request and returns how many tokens its sequence may have in all.</summary>
    /// <exception cref="RequestRefusedException">The request can never be served.</exception>
    public int Check(GenerationRequest request)
    {
        CheckIds(request.Prompt, "prompt");
        CheckIds(request.StopIds, "stop_token_ids");
        CheckSampling(request.Sampling);
        CheckGrammar(request);
        CheckThinking(request);
        CheckTurn(request);
        CheckPromptLogProbs(request);
        return CheckLength(request);
    }

    private void CheckTurn(GenerationRequest request)
    {
        if (request.Priority != 0 && Scheduling != SchedulingPolicy.Priority)
        {
            throw Refused(
                "priority", $"priority is {request.Priority} and this server serves in order of arrival; leave it out, "
                + "or start the server with --scheduling-policy priority");
        }

        if (request.MaxWait is { } wait && wait <= TimeSpan.Zero)
            throw Refused("max_wait", $"the longest wait is {wait.TotalSeconds} s; it must be more than 0");
        if (request.ShareWeight is < 1 or > GenerationRequest.MaxShareWeight)
        {
            throw Refused(
                "share_weight", $"the share's weight is {request.ShareWeight}; it must be between 1 and "
                + $"{GenerationRequest.MaxShareWeight}");
        }
    }

    private void CheckPromptLogProbs(GenerationRequest request)
    {
        if (request.PromptLogProbs is not { } top)
            return;
        if (top < 0 || top > VocabularySize)
        {
            throw Refused(
                "prompt_logprobs", $"prompt_logprobs is {top}; it must be between 0 and the vocabulary's {VocabularySize}");
        }

        if (!SamplesHere)
        {
            throw Refused(
                "prompt_logprobs", "this server samples in worker processes (--worker-processes), which report nothing of prompts; "
                + "leave out prompt_logprobs, and logprobs where echo is set");
        }
    }

    private int CheckLength(GenerationRequest request)
    {
        int prompt = request.Prompt.Length, room = ContextLength - prompt;
        if (prompt == 0)
            throw Refused("prompt", "the prompt is empty; it needs at least one token");
        if (room <= 0)
        {
            throw BeyondContext(
                "prompt", $"the prompt has {prompt} tokens and the model's context ends at {ContextLength}, so there is no room "
                + "for an answer; shorten the prompt");
        }

        int most = request.MaxTokens ?? room;
        if (most < 1)
            throw Refused("max_tokens", $"max_tokens is {most}; it must be at least 1");
        if (most > room)
        {
            throw BeyondContext(
                "max_tokens", $"the prompt's {prompt} tokens and max_tokens {most} are {(long)prompt + most} together, the "
                + $"model's context ends at {ContextLength}; ask for at most {room}");
        }

        if (request.MinTokens < 0 || request.MinTokens > most)
        {
            throw Refused(
                "min_tokens", $"min_tokens is {request.MinTokens}; it must be between 0 and the {most} tokens that the answer "
                + "can have");
        }

        return prompt + most;
    }

    private void CheckIds(ImmutableArray<int> ids, string field)
    {
        if (ids.IsDefault)
            throw Refused(field, $"{field} is missing");
        for (int i = 0; i < ids.Length; i++)
        {
            if (!IsToken(ids[i]))
                throw Refused(field, $"{field}[{i}] is {ids[i]}; the model's token ids go from 0 to {VocabularySize - 1}");
        }
    }

    private void CheckSampling(SamplingParameters sampling)
    {
        CheckRange("temperature", sampling.Temperature, sampling.Temperature >= 0, "0 or more");
        CheckRange("top_p", sampling.TopP, sampling.TopP is > 0 and <= 1, "more than 0 and at most 1");
        CheckRange("top_k", sampling.TopK, sampling.TopK >= 0, "0, which keeps all, or more");
        CheckRange("min_p", sampling.MinP, sampling.MinP is >= 0 and <= 1, "between 0 and 1");
        CheckRange("repetition_penalty", sampling.RepetitionPenalty, sampling.RepetitionPenalty > 0, "more than 0");
        CheckRange("presence_penalty", sampling.PresencePenalty, true, "a number");
        CheckRange("frequency_penalty", sampling.FrequencyPenalty, true, "a number");
        if (sampling.LogProbs is { } top && (top < 0 || top > VocabularySize))
            throw Refused("logprobs", $"logprobs is {top}; it must be between 0 and the vocabulary's {VocabularySize}");
        foreach ((int id, float bias) in sampling.LogitBias)
        {
            if (!IsToken(id))
                throw Refused("logit_bias", $"logit_bias names token {id}; token ids go from 0 to {VocabularySize - 1}");
            if (!float.IsFinite(bias))
                throw Refused("logit_bias", $"logit_bias of token {id} is {bias}; it must be a number");
        }
    }

    private void CheckThinking(GenerationRequest request)
    {
        if (request.Thinking is not { } budget)
            return;
        if (budget.Tokens < 0)
            throw Refused("thinking_budget", $"the thinking budget is {budget.Tokens}; it must be 0 or more");
        CheckIds([budget.CloseId], "thinking_budget");
        if (request.StopIds.Contains(budget.CloseId))
            throw Refused("stop_token_ids", "the token that ends reasoning cannot end the answer while reasoning is bounded");
    }

    private void CheckGrammar(GenerationRequest request)
    {
        if (request.Grammar is not { } grammar)
            return;
        if (!SamplesHere)
            throw Refused("grammar", "this server samples in worker processes (--worker-processes), where answers are not held to forms");
        if (grammar.Vocabulary.Size != VocabularySize)
        {
            throw Refused(
                "grammar", $"the grammar is over {grammar.Vocabulary.Size} tokens, the model has {VocabularySize}");
        }

        if (GrammarCursor.EndIds(grammar.Vocabulary, request.StopIds).IsEmpty)
        {
            throw Refused(
                "stop_token_ids", "an answer with a given form needs a token that ends it: one of the model's own, which "
                + "ignore_eos takes away");
        }
    }

    private static void CheckRange(string field, float value, bool isInRange, string range)
    {
        if (!isInRange || !float.IsFinite(value))
            throw Refused(field, $"{field} is {value}; it must be {range}");
    }

    private bool IsToken(int id) => (uint)id < (uint)VocabularySize;

    private static RequestRefusedException Refused(string field, string sentence) => new(sentence, field);

    private static RequestRefusedException BeyondContext(string field, string sentence) =>
        new(sentence, field) { IsBeyondContext = true };
}
