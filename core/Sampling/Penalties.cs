using System.Runtime.InteropServices;

namespace Glm5.Core.Sampling;

/// <summary>
/// Lowers the logits of tokens that a sequence has already. Repetition concerns prompt and answer, presence and frequency
/// the answer alone. Costs what a sequence has of different tokens, not the vocabulary.
/// </summary>
internal sealed class Penalties
{
    private readonly SamplingParameters _parameters;

    /// <summary>How often each token is in the answer; 0 for tokens that only the prompt has.</summary>
    private readonly Dictionary<int, int> _answerCounts = [];

    private Penalties(SamplingParameters parameters) => _parameters = parameters;

    /// <summary>The penalties that the parameters ask for, null when none.</summary>
    public static Penalties? Of(SamplingParameters parameters, ReadOnlySpan<int> prompt)
    {
        if (parameters is { RepetitionPenalty: 1, PresencePenalty: 0, FrequencyPenalty: 0 })
            return null;
        var penalties = new Penalties(parameters);
        if (parameters.RepetitionPenalty != 1)
        {
            foreach (int token in prompt)
                penalties._answerCounts[token] = 0;
        }

        return penalties;
    }

    /// <summary>How often each token is in the answer, in the order in which they came up.</summary>
    public IReadOnlyList<KeyValuePair<int, int>> Counts => [.. _answerCounts];

    /// <summary>Takes over the counts of another.</summary>
    public void Restore(IReadOnlyList<KeyValuePair<int, int>> counts)
    {
        foreach ((int token, int count) in counts)
            _answerCounts[token] = count;
    }

    /// <summary>Counts a token of the answer.</summary>
    public void Count(int token) => CollectionsMarshal.GetValueRefOrAddDefault(_answerCounts, token, out _)++;

    /// <summary>Applies them to logits [vocab].</summary>
    public void Apply(Span<float> logits)
    {
        foreach ((int token, int count) in _answerCounts)
        {
            float logit = logits[token];
            logit = logit > 0 ? logit / _parameters.RepetitionPenalty : logit * _parameters.RepetitionPenalty;
            if (count > 0)
                logit -= (count * _parameters.FrequencyPenalty) + _parameters.PresencePenalty;
            logits[token] = logit;
        }
    }
}
