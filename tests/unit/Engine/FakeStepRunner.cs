using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Kv;
using Glm5.Core.Sampling;

namespace Glm5.Tests.Unit.Engine;

/// <summary>
/// A model whose state is one number a slot: the hash of all tokens up to there, made from the slot before it, which it
/// finds through the block table. A wrong block, a missing recompute or a stale row changes every token that follows.
/// </summary>
internal sealed class FakeStepRunner(
    int blocks, int blockSlots, int draftLength = 0, int vocabularySize = 50, HostCacheSize hostCache = default, bool repeats = false)
    : StepRunner
{
    private const ulong Unwritten = 0;

    private readonly ulong[] _slots = new ulong[blocks * blockSlots];
    private readonly ulong[] _hostSlots = new ulong[(hostCache.Blocks + 1) * blockSlots];
    private readonly FakeDrafter? _drafter =
        draftLength > 0 ? new FakeDrafter(blocks, hostCache.Blocks + 1, blockSlots, vocabularySize) : null;
    private readonly float[] _logits = new float[vocabularySize];
    private readonly HashSet<int> _written = [];
    private StepLayout? _layout;
    private SampleBatch? _batch;

    public override int Blocks => blocks;

    public override int BlockSlots => blockSlots;

    public override int VocabularySize => vocabularySize;

    public override int DraftLength => draftLength;

    public override HostCacheSize HostCache => hostCache;

    /// <summary>Of a hundred drafts so many are what a greedy request chooses.</summary>
    public int PercentRight { get; set; } = 70;

    /// <summary>True when most tokens come back every few positions, so that they can be guessed from earlier ones.</summary>
    public bool Repeats => repeats;

    public override string KvIdentity => "fake";

    /// <summary>Steps so far.</summary>
    public int Steps { get; private set; }

    /// <summary>Tokens of the step begun last.</summary>
    public int Tokens { get; private set; }

    /// <summary>Sequences of the step begun last.</summary>
    public int Sequences { get; private set; }

    /// <summary>Blocks that the step in flight moves first.</summary>
    public ReadOnlySpan<BlockMove> Moves => _layout is null ? [] : _layout.Moves;

    /// <summary>Runs when a step begins, on the engine's thread.</summary>
    public Action? Begun { get; set; }

    /// <summary>Runs before a step completes, on the engine's thread.</summary>
    public Action? Completing { get; set; }

    /// <summary>Checks of the layout that allocate.</summary>
    public bool Checks { get; set; } = true;

    public override void Begin(StepLayout layout, SampleBatch batch)
    {
        Assert.IsNull(_layout, "a step begins while another runs");
        (_layout, _batch) = (layout, batch);
        (Tokens, Sequences) = (layout.TokenCount, layout.SequenceCount);
        if (Checks)
            Check(layout, batch);
        Begun?.Invoke();
    }

    /// <summary>Computes only now: what is prepared between Begin and Complete must not disturb the step.</summary>
    public override void Complete()
    {
        Completing?.Invoke();
        Move(_layout!);
        Compute(_layout!);
        Choose(_layout!, _batch!);
        Score(_layout!, _batch!);
        _drafter?.Draft(_layout!, _batch!, _slots, PercentRight, Checks);
        (_layout, _batch) = (null, null);
        Steps++;
    }

    public override void Dispose()
    {
    }

    /// <summary>What a request is answered when it runs alone, computed without engine, blocks or steps.</summary>
    public static List<SampledToken> Expected(
        GenerationRequest request, int contextLength, int vocabularySize = 50, bool repeats = false)
    {
        var sampler = new SequenceSampler(
            request, request.Sampling.Seed ?? 0, TokenMask.Nothing, new SamplingScratch(vocabularySize));
        var logits = new float[vocabularySize];
        var answer = new List<SampledToken>();
        ulong state = Unwritten;
        int position = 0;
        foreach (int token in request.Prompt)
            state = Next(state, token, position++);
        int most = request.MaxTokens ?? contextLength - request.Prompt.Length;
        while (answer.Count < most)
        {
            SampledToken chosen = Choose(sampler, state, Favourite(state, position, vocabularySize, repeats), logits);
            sampler.Accept(chosen.Token);
            answer.Add(chosen);
            if (request.StopIds.Contains(chosen.Token))
                break;
            state = Next(state, chosen.Token, position++);
        }

        return answer;
    }

    /// <summary>Holds what was reported of a prompt against what it says when it is computed alone.</summary>
    public static void CheckScores(
        GenerationRequest request, IReadOnlyList<ScoredToken> scores, bool repeats = false, int vocabularySize = 50)
    {
        Assert.HasCount(request.PromptLogProbs is null ? 0 : request.Prompt.Length - 1, scores);
        var sampler = new SequenceSampler(request, 0, TokenMask.Nothing, new SamplingScratch(vocabularySize));
        var logits = new float[vocabularySize];
        ulong state = Unwritten;
        for (int i = 0; i < scores.Count; i++)
        {
            state = Next(state, request.Prompt[i], i);
            WriteLogits(state, Favourite(state, i + 1, vocabularySize, repeats), logits);
            ScoredToken expected = sampler.Score(logits, request.Prompt[i + 1]);
            Assert.AreEqual(expected with { Top = scores[i].Top }, scores[i], $"token {i + 1} of the prompt");
            CollectionAssert.AreEqual(expected.Top, scores[i].Top);
            Assert.HasCount(request.PromptLogProbs!.Value, scores[i].Top);
        }
    }

    private void Move(StepLayout layout)
    {
        foreach (BlockMove move in layout.Moves)
        {
            Span<ulong> device = _slots.AsSpan(move.Block * blockSlots, blockSlots);
            Span<ulong> host = _hostSlots.AsSpan(move.HostBlock * blockSlots, blockSlots);
            if (move.Kind == BlockMoveKind.Keep)
                device.CopyTo(host);
            else
                host.CopyTo(device);
            _drafter?.Move(move);
        }
    }

    private void Compute(StepLayout layout)
    {
        for (int s = 0; s < layout.SequenceCount; s++)
        {
            BlockTable table = layout.BlockTables[s];
            for (int t = layout.QueryStart[s]; t < layout.QueryStart[s + 1]; t++)
            {
                int position = layout.Positions[t];
                ulong before = position == 0 ? Unwritten : _slots[table.SlotOf(position - 1, blockSlots)];
                _slots[layout.Slots[t]] = Next(before, layout.TokenIds[t], position);
            }
        }
    }

    private void Choose(StepLayout layout, SampleBatch batch)
    {
        for (int sequence = 0; sequence < batch.Count; sequence++)
        {
            int first = batch.FirstRow[sequence], row = first;
            do
            {
                int token = layout.LogitRows[row];
                ulong state = _slots[layout.Slots[token]];
                int favourite = Favourite(state, layout.Positions[token] + 1, vocabularySize, repeats);
                batch.Tokens[row] = Choose(batch.Samplers[sequence], state, favourite, _logits);
                batch.Samplers[sequence].Accept(batch.Tokens[row].Token);
            }
            while (batch.Drafts[row] == batch.Tokens[row++].Token);
            batch.TokenCount[sequence] = row - first;
        }
    }

    private void Score(StepLayout layout, SampleBatch batch)
    {
        for (int row = 0; row < batch.ScoreRows; row++)
        {
            int token = layout.LogitRows[batch.Rows + row];
            ulong state = _slots[layout.Slots[token]];
            WriteLogits(state, Favourite(state, layout.Positions[token] + 1, vocabularySize, repeats), _logits);
            batch.Scores[row] = batch.Scorers[row].Score(_logits, batch.ScoredTokens[row]);
        }
    }

    /// <summary>What stands at a position with the state before it: by far the likeliest.</summary>
    private static int Favourite(ulong state, int position, int vocabularySize, bool repeats) =>
        repeats && state % 8 != 0 ? position % 6 * 7 % vocabularySize : (int)(state % (ulong)vocabularySize);

    private static SampledToken Choose(SequenceSampler sampler, ulong state, int favourite, float[] logits)
    {
        if (sampler.IsPlainArgMax && sampler.Allows(favourite))
            return new SampledToken(favourite, float.NaN, null);
        WriteLogits(state, favourite, logits);
        return sampler.Choose(logits);
    }

    private static void WriteLogits(ulong state, int favourite, float[] logits)
    {
        for (int id = 0; id < logits.Length; id++)
            logits[id] = (Mix(state + (ulong)id) >> 40) / (float)(1 << 23);
        logits[favourite] = 3;
    }

    private void Check(StepLayout layout, SampleBatch batch)
    {
        Assert.IsGreaterThan(0, layout.TokenCount, "an empty step was begun");
        Assert.IsLessThanOrEqualTo(layout.MaxTokens, layout.TokenCount);
        Assert.AreEqual(layout.LogitRowCount, batch.Rows + batch.ScoreRows);
        _written.Clear();
        for (int t = 0; t < layout.TokenCount; t++)
        {
            Assert.IsGreaterThanOrEqualTo(blockSlots, layout.Slots[t], "block 0 is written");
            Assert.IsTrue(_written.Add(layout.Slots[t]), "a slot is written twice in a step");
        }
    }

    internal static ulong Next(ulong state, int token, int position) =>
        Mix((state * 31) + ((ulong)token << 20) + (ulong)position + 1);

    internal static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }
}
