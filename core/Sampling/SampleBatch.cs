namespace Glm5.Core.Sampling;

/// <summary>
/// What the Sample and Verify steps work on: for each sequence of the step that wants a token, its sampler and its rows
/// of logits, first the row of its last known token, then one a drafted token. Filled by the engine before the step,
/// answered by the step. Arrays are allocated once for the largest step.
/// </summary>
public sealed class SampleBatch(int maxSequences, int maxRows, int draftLength = 0, int maxScores = 0)
{
    /// <summary>Tokens of prompts that are scored in a step, at most: each needs a row of logits beside those of the batch.</summary>
    public const int ScoresPerStep = 16;

    private readonly SequenceSampler[] _samplers = new SequenceSampler[maxSequences];
    private readonly int[] _firstRow = new int[maxSequences + 1];
    private readonly int[] _drafts = new int[maxRows];
    private readonly int[] _tokenCount = new int[maxSequences];
    private readonly SampledToken[] _tokens = new SampledToken[maxRows];
    private readonly int[] _roomBehind = new int[maxSequences];
    private readonly int[] _nextDrafts = new int[maxSequences * draftLength];
    private readonly int[] _nextDraftCount = new int[maxSequences];
    private readonly SequenceSampler[] _scorers = new SequenceSampler[maxScores];
    private readonly int[] _scored = new int[maxScores];
    private readonly ScoredToken[] _scores = new ScoredToken[maxScores];

    /// <summary>The most tokens that are drafted for a sequence's next step; 0 without speculation.</summary>
    public int DraftLength { get; } = draftLength;

    /// <summary>The most that this step is to draft, up to <see cref="DraftLength"/>.</summary>
    public int NextDraftLength { get; set; } = draftLength;

    /// <summary>
    /// The most drafts of a sequence that any group's step is to have: behind a step all groups run the draft layer equally
    /// often, because their tokens meet at its experts too. 0 where there is one group.
    /// </summary>
    public int PeerDrafts { get; set; }

    /// <summary>Sequences in the batch.</summary>
    public int Count { get; private set; }

    /// <summary>Rows of logits over all sequences.</summary>
    public int Rows => _firstRow[Count];

    /// <summary>[sequences] their samplers.</summary>
    public ReadOnlySpan<SequenceSampler> Samplers => _samplers.AsSpan(0, Count);

    /// <summary>[sequences + 1] first row of each.</summary>
    public ReadOnlySpan<int> FirstRow => _firstRow.AsSpan(0, Count + 1);

    /// <summary>[rows] the drafted token that follows a row; -1 after a sequence's last row.</summary>
    public ReadOnlySpan<int> Drafts => _drafts.AsSpan(0, Rows);

    /// <summary>[rows] tokens chosen; of each sequence the first <see cref="TokenCount"/> are meant.</summary>
    public Span<SampledToken> Tokens => _tokens.AsSpan(0, Rows);

    /// <summary>[sequences] tokens gained: accepted drafts and one more.</summary>
    public Span<int> TokenCount => _tokenCount.AsSpan(0, Count);

    /// <summary>Rows of logits behind those, by which tokens of prompts are scored.</summary>
    public int ScoreRows { get; private set; }

    /// <summary>[score rows] whose prompt each is of.</summary>
    public ReadOnlySpan<SequenceSampler> Scorers => _scorers.AsSpan(0, ScoreRows);

    /// <summary>[score rows] the token that stands behind each.</summary>
    public ReadOnlySpan<int> ScoredTokens => _scored.AsSpan(0, ScoreRows);

    /// <summary>[score rows] the answer.</summary>
    public Span<ScoredToken> Scores => _scores.AsSpan(0, ScoreRows);

    /// <summary>Empties the batch.</summary>
    public void Clear() => (Count, ScoreRows) = (0, 0);

    /// <summary>
    /// Adds a sequence with its drafted tokens, none for plain decoding. Behind those that it has it can get
    /// <paramref name="room"/> tokens and one more.
    /// </summary>
    public void Add(SequenceSampler sampler, ReadOnlySpan<int> drafts, int room = 0)
    {
        int row = _firstRow[Count];
        drafts.CopyTo(_drafts.AsSpan(row));
        _drafts[row + drafts.Length] = -1;
        (_samplers[Count], _roomBehind[Count], _nextDraftCount[Count]) = (sampler, room, 0);
        Count++;
        _firstRow[Count] = row + drafts.Length + 1;
    }

    /// <summary>Finds out what each row may choose. The engine's thread, while the device computes the rows.</summary>
    public void Foresee()
    {
        for (int sequence = 0; sequence < Count; sequence++)
            _samplers[sequence].Foresee(_drafts.AsSpan(_firstRow[sequence].._firstRow[sequence + 1]));
    }

    /// <summary>Adds a row that scores a prompt's token. Its logits are behind all rows of sequences that want a token.</summary>
    public void AddScore(SequenceSampler sampler, int token) => (_scorers[ScoreRows], _scored[ScoreRows++]) = (sampler, token);

    /// <summary>The room that a sequence was added with.</summary>
    public int Room(int sequence) => _roomBehind[sequence];

    /// <summary>
    /// How many tokens to draft behind the ones just chosen: none whose successor the sequence could not have.
    /// </summary>
    public int NextDraftRoom(int sequence) =>
        Math.Clamp(_roomBehind[sequence] - _tokenCount[sequence], 0, NextDraftLength);

    /// <summary>Drafts for a sequence's next step, in order.</summary>
    public ReadOnlySpan<int> NextDrafts(int sequence) =>
        _nextDrafts.AsSpan(sequence * DraftLength, _nextDraftCount[sequence]);

    /// <summary>Adds a draft for a sequence's next step.</summary>
    public void AddNextDraft(int sequence, int token) =>
        _nextDrafts[(sequence * DraftLength) + _nextDraftCount[sequence]++] = token;
}
