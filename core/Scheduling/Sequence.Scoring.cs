using Glm5.Core.Sampling;

namespace Glm5.Core.Scheduling;

/// <summary>What a sequence reports of its prompt, where that is asked for.</summary>
internal sealed partial class Sequence
{
    private readonly List<ScoredToken> _scores = [];

    /// <summary>True when the log probabilities of its prompt were asked for.</summary>
    public bool IsScored => _request.PromptLogProbs is not null;

    /// <summary>
    /// The tokens of the prompt from the second on, as far as they are scored. The reader sees them with the first token of the
    /// answer, when there are no more to come.
    /// </summary>
    public IReadOnlyList<ScoredToken> Scores => _scores;

    /// <summary>Tokens to compute next that have one of the prompt behind them which is to be scored.</summary>
    public int Unscored => !IsScored ? 0 : Math.Max(0, PromptLength - 1 - Computed);

    /// <summary>
    /// The tokens whose rows may come from elsewhere: where the prompt is scored, those that were before the sequence gave its
    /// blocks up.
    /// </summary>
    private ReadOnlySpan<int> Sought =>
        !IsScored || _scores.Count >= PromptLength - 1 ? Tokens : Tokens[..(_scores.Count + 1)];

    /// <summary>Takes the scores of the tokens behind those from <paramref name="start"/> on, unless they are there already.</summary>
    public void AddScores(int start, ReadOnlySpan<ScoredToken> scores)
    {
        if (start == _scores.Count)
            _scores.AddRange(scores);
    }
}
