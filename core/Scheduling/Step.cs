using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;

namespace Glm5.Core.Scheduling;

/// <summary>What a sequence gets of a step.</summary>
/// <param name="Sequence">The sequence.</param>
/// <param name="Start">Position of its first token in the step.</param>
/// <param name="Count">Its tokens in the step.</param>
/// <param name="Samples">True when the last of them is the last one known, so that the step chooses the next.</param>
/// <param name="Drafts">
/// Drafts behind them: places for so many until the step is closed, then those it verifies.
/// </param>
/// <param name="Scores">True when the token behind each of them, which is known, is scored.</param>
internal readonly record struct Share(
    Sequence Sequence, int Start, int Count, bool Samples, int Drafts, bool Scores = false)
{
    /// <summary>The position after its last token, drafts not counted.</summary>
    public int End => Start + Count;
}

/// <summary>
/// A step in the making, in flight, or done: who gets how much of it, and the layout and batch written from that. It is
/// prepared while the step before it runs, when a sequence's next token may not be chosen yet, and closed when it is.
/// With speculation it is not known before how many tokens that step accepts: places are kept, and closing fills them.
/// </summary>
/// <param name="maxTokens">Tokens that fit.</param>
/// <param name="maxSequences">Sequences that fit.</param>
/// <param name="blockSlots">Slots in a block.</param>
/// <param name="draftLength">The most drafts that it verifies of a sequence.</param>
/// <param name="ranksDraft">Whether the ranks draft behind it.</param>
internal sealed class Step(
    int maxTokens, int maxSequences, int blockSlots, int draftLength = 0, bool ranksDraft = true)
{
    /// <summary>Stands where a token's id is not known yet.</summary>
    private const int NotChosenYet = 0;

    private readonly Share[] _shares = new Share[maxSequences];

    /// <summary>Those that score: they come last, because their rows of logits do.</summary>
    private readonly Share[] _scoring = new Share[Math.Min(maxSequences, SampleBatch.ScoresPerStep)];

    private int _count, _reserved, _scoringCount, _scores;

    /// <summary>What the ranks read.</summary>
    public StepLayout Layout { get; } = new(maxTokens, maxSequences, blockSlots);

    /// <summary>What the ranks answer.</summary>
    public SampleBatch Batch { get; } = new(
        maxSequences, Math.Min(maxTokens, maxSequences * (1 + draftLength)), ranksDraft ? draftLength : 0,
        SampleBatch.ScoresPerStep);

    /// <summary>The most drafts of a sequence.</summary>
    public int DraftLength => draftLength;

    /// <summary>The most drafts that are wanted for a sequence's next step.</summary>
    public int NextDraftLength { get; private set; }

    /// <summary>Who gets what, in the layout's order.</summary>
    public ReadOnlySpan<Share> Shares => _shares.AsSpan(0, _count);

    /// <summary>Tokens that still fit.</summary>
    public int Budget => Layout.MaxTokens - Layout.TokenCount - _reserved - _scores;

    /// <summary>Tokens of prompts that can still be scored.</summary>
    public int ScoresLeft => SampleBatch.ScoresPerStep - _scores;

    /// <summary>True when each of its sequences decodes, and none computes a prompt.</summary>
    public bool OnlyDecodes
    {
        get
        {
            foreach (ref readonly Share share in Shares)
            {
                if (share is not { Samples: true, Count: 1 })
                    return false;
            }

            return !IsEmpty;
        }
    }

    /// <summary>True when there is nothing to run.</summary>
    public bool IsEmpty => _count + _scoringCount == 0;

    /// <summary>Says how many drafts are wanted for each sequence's next step.</summary>
    public void WantDrafts(int length)
    {
        NextDraftLength = length;
        Batch.NextDraftLength = Math.Min(length, Batch.DraftLength);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _shares.AsSpan(0, _count).Clear();
        _scoring.AsSpan(0, _scoringCount).Clear();
        (_count, _reserved, _scoringCount, _scores) = (0, 0, 0, 0);
        Layout.Clear();
        Batch.Clear();
    }

    /// <summary>
    /// Gives a sequence its next tokens, and keeps places for <paramref name="drafts"/> behind them; its blocks must
    /// cover both.
    /// </summary>
    public void Add(Sequence sequence, int count, int drafts = 0)
    {
        bool samples = count == sequence.Remaining;
        var share = new Share(sequence, sequence.Computed, count, samples, drafts);
        _shares[_count++] = share;
        Write(share, []);
        sequence.Computed += count;
        _reserved += drafts;
    }

    /// <summary>
    /// Gives a sequence its next tokens, all of the prompt and none its last, to score the one behind each; its blocks must
    /// cover them.
    /// </summary>
    public void AddScoring(Sequence sequence, int count)
    {
        _scoring[_scoringCount++] = new Share(sequence, sequence.Computed, count, Samples: false, Drafts: 0, Scores: true);
        sequence.Computed += count;
        _scores += count;
    }

    /// <summary>
    /// Completes a step that was prepared ahead: sequences that ended meanwhile leave, tokens chosen and drafted
    /// meanwhile enter.
    /// </summary>
    public void Close()
    {
        int kept = 0;
        for (int s = 0; s < _count; s++)
        {
            if (_shares[s].Sequence.State != SequenceState.Ended)
                _shares[kept++] = _shares[s];
        }

        if (kept == _count && draftLength == 0)
            FillInTokens();
        else
            Rewrite(kept);
        ForgetEndedScoring();
    }

    /// <summary>From here on its tokens are being chosen.</summary>
    public void Depart()
    {
        WriteScoring();
        foreach (ref readonly Share share in Shares)
            (share.Sequence.Pending, share.Sequence.Verifying) = (share.Samples ? 1 : 0, share.Drafts);
    }

    private void ForgetEndedScoring()
    {
        int kept = 0;
        _scores = 0;
        for (int s = 0; s < _scoringCount; s++)
        {
            if (_scoring[s].Sequence.State == SequenceState.Ended)
                continue;
            _scores += _scoring[s].Count;
            _scoring[kept++] = _scoring[s];
        }

        _scoring.AsSpan(kept, _scoringCount - kept).Clear();
        _scoringCount = kept;
    }

    private void WriteScoring()
    {
        foreach (ref readonly Share share in _scoring.AsSpan(0, _scoringCount))
        {
            ReadOnlySpan<int> tokens = share.Sequence.Tokens;
            Layout.AddSequence(share.Sequence.BlockTable, tokens[share.End]);
            for (int position = share.Start; position < share.End; position++)
            {
                Layout.AddToken(tokens[position], position, wantsLogits: true);
                Batch.AddScore(share.Sequence.Sampler, tokens[position + 1]);
            }

            _shares[_count++] = share;
        }

        (_scoringCount, _scores) = (0, 0);
    }

    private void FillInTokens()
    {
        for (int s = 0; s < _count; s++)
        {
            ref readonly Share share = ref _shares[s];
            if (share.Samples)
                Layout.SetToken(Layout.QueryStart[s + 1] - 1, share.Sequence.Tokens[share.End - 1]);
        }
    }

    private void Rewrite(int kept)
    {
        _shares.AsSpan(kept, _count - kept).Clear();
        (_count, _reserved) = (kept, 0);
        Layout.Clear();
        Batch.Clear();
        foreach (ref Share share in _shares.AsSpan(0, _count))
        {
            if (share is { Samples: true, Count: 1 })
                share = AtLastKnown(share);
            Write(share, share.Sequence.Drafts[..share.Drafts]);
        }
    }

    /// <summary>Accepted drafts have moved a decoding sequence on since its share was prepared.</summary>
    private static Share AtLastKnown(in Share share) => share with
    {
        Start = share.Sequence.Known - 1,
        Drafts = Math.Min(share.Drafts, share.Sequence.Drafts.Length),
    };

    private void Write(in Share share, ReadOnlySpan<int> drafts)
    {
        Sequence sequence = share.Sequence;
        ReadOnlySpan<int> tokens = sequence.Tokens;
        int last = share.End - 1;
        Layout.AddSequence(sequence.BlockTable, share.Samples ? StepLayout.ChosenByStep : tokens[share.End]);
        for (int position = share.Start; position < last; position++)
            Layout.AddToken(tokens[position], position, wantsLogits: false);
        Layout.AddToken(last < tokens.Length ? tokens[last] : NotChosenYet, last, share.Samples);
        for (int d = 0; d < drafts.Length; d++)
            Layout.AddToken(drafts[d], share.End + d, wantsLogits: true);
        if (share.Samples)
            Batch.Add(sequence.Sampler, drafts, sequence.Room);
    }
}
