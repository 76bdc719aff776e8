using System.Runtime.InteropServices;

namespace Glm5.Core.Accelerator;

/// <summary>
/// What one step computes, as the host sees it: a flat list of tokens grouped by sequence, where each is written in the
/// caches, and which of them want logits. Filled by the scheduler, read by every rank while the step runs.
/// Buffers are allocated once, pinned, for the largest step; nothing here allocates afterwards.
/// </summary>
public sealed class StepLayout
{
    /// <summary>Stands in <see cref="TokenAfter"/> where the step itself chooses the token.</summary>
    public const int ChosenByStep = -1;

    private static readonly BlockTable s_padding = new([0], 1);

    private readonly int[] _tokenIds, _positions, _slots, _sequenceOf, _logitRows;
    private readonly int[] _queryStart, _contextLength, _tokenAfter;
    private readonly BlockTable[] _blockTables;
    private readonly List<BlockMove> _moves = [];

    /// <summary>Room for <paramref name="maxTokens"/> tokens of <paramref name="maxSequences"/> sequences.</summary>
    public StepLayout(int maxTokens, int maxSequences, int blockSlots)
    {
        (_tokenIds, _positions, _slots) = (Pinned(maxTokens), Pinned(maxTokens), Pinned(maxTokens));
        (_sequenceOf, _logitRows) = (Pinned(maxTokens), Pinned(maxTokens));
        (_queryStart, _contextLength) = (Pinned(maxSequences + 1), Pinned(maxSequences));
        _tokenAfter = new int[maxSequences];
        _blockTables = new BlockTable[maxSequences];
        BlockSlots = blockSlots;
    }

    /// <summary>Slots in a KV block.</summary>
    public int BlockSlots { get; }

    /// <summary>The most tokens a step can have.</summary>
    public int MaxTokens => _tokenIds.Length;

    /// <summary>The most sequences a step can have.</summary>
    public int MaxSequences => _blockTables.Length;

    /// <summary>Tokens computed in this step.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Sequences they belong to.</summary>
    public int SequenceCount { get; private set; }

    /// <summary>Rows whose logits are wanted.</summary>
    public int LogitRowCount { get; private set; }

    /// <summary>The longest context of the step, this step's tokens included.</summary>
    public int LongestContext { get; private set; }

    /// <summary>[tokens] ids.</summary>
    public ReadOnlySpan<int> TokenIds => _tokenIds.AsSpan(0, TokenCount);

    /// <summary>[tokens] absolute positions, from 0.</summary>
    public ReadOnlySpan<int> Positions => _positions.AsSpan(0, TokenCount);

    /// <summary>[tokens] where each token's rows go in the caches: block · BlockSlots + offset.</summary>
    public ReadOnlySpan<int> Slots => _slots.AsSpan(0, TokenCount);

    /// <summary>[tokens] index of the sequence within the step.</summary>
    public ReadOnlySpan<int> SequenceOf => _sequenceOf.AsSpan(0, TokenCount);

    /// <summary>[sequences + 1] first token of each sequence; tokens of a sequence are adjacent and ascending.</summary>
    public ReadOnlySpan<int> QueryStart => _queryStart.AsSpan(0, SequenceCount + 1);

    /// <summary>[sequences] tokens in the caches after this step.</summary>
    public ReadOnlySpan<int> ContextLength => _contextLength.AsSpan(0, SequenceCount);

    /// <summary>[sequences] the blocks of each sequence, in order of position.</summary>
    public ReadOnlySpan<BlockTable> BlockTables => _blockTables.AsSpan(0, SequenceCount);

    /// <summary>
    /// [sequences] the token behind each one's last of this step, which the draft layer reads with it;
    /// <see cref="ChosenByStep"/> where it is not known before.
    /// </summary>
    public ReadOnlySpan<int> TokenAfter => _tokenAfter.AsSpan(0, SequenceCount);

    /// <summary>[rows] ascending token indices whose logits are wanted.</summary>
    public ReadOnlySpan<int> LogitRows => _logitRows.AsSpan(0, LogitRowCount);

    /// <summary>Blocks to be copied to the host and back before anything is computed, in this order.</summary>
    public ReadOnlySpan<BlockMove> Moves => CollectionsMarshal.AsSpan(_moves);

    /// <summary>Empties the layout for the next step.</summary>
    public void Clear()
    {
        (TokenCount, SequenceCount, LogitRowCount, LongestContext) = (0, 0, 0, 0);
        _queryStart[0] = 0;
        _moves.Clear();
    }

    /// <summary>Adds a move behind those that are there.</summary>
    public void AddMove(BlockMove move) => _moves.Add(move);

    /// <summary>Opens the next sequence; its tokens follow by <see cref="AddToken"/>.</summary>
    public void AddSequence(BlockTable blocks, int tokenAfter = ChosenByStep)
    {
        _tokenAfter[SequenceCount] = tokenAfter;
        _blockTables[SequenceCount] = blocks;
        _contextLength[SequenceCount] = 0;
        SequenceCount++;
        _queryStart[SequenceCount] = TokenCount;
    }

    /// <summary>Adds a token to the sequence opened last. Positions of a sequence ascend by one.</summary>
    public void AddToken(int tokenId, int position, bool wantsLogits)
    {
        int sequence = SequenceCount - 1, token = TokenCount;
        _tokenIds[token] = tokenId;
        _positions[token] = position;
        _slots[token] = _blockTables[sequence].SlotOf(position, BlockSlots);
        _sequenceOf[token] = sequence;
        _contextLength[sequence] = position + 1;
        LongestContext = Math.Max(LongestContext, position + 1);
        if (wantsLogits)
            _logitRows[LogitRowCount++] = token;
        TokenCount++;
        _queryStart[SequenceCount] = TokenCount;
    }

    /// <summary>
    /// Adds a sequence of one token in block 0, which belongs to nobody: what a group computes that has nothing to do while
    /// others step.
    /// </summary>
    public void AddPadding()
    {
        AddSequence(s_padding, tokenAfter: 0);
        AddToken(tokenId: 0, position: 0, wantsLogits: false);
    }

    /// <summary>Replaces a token's id: closing a step that was prepared before its last tokens were known.</summary>
    public void SetToken(int token, int tokenId) => _tokenIds[token] = tokenId;

    /// <summary>Pinned host addresses for backends that read the layout in place: ids, positions, slots, logit rows.</summary>
    public Tensor HostTokenIds => Host(_tokenIds, TokenCount);

    /// <inheritdoc cref="Positions"/>
    public Tensor HostPositions => Host(_positions, TokenCount);

    /// <inheritdoc cref="Slots"/>
    public Tensor HostSlots => Host(_slots, TokenCount);

    /// <inheritdoc cref="LogitRows"/>
    public Tensor HostLogitRows => Host(_logitRows, LogitRowCount);

    private static Tensor Host(int[] pinned, int count) =>
        new(Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0), ElementType.I32, count);

    private static int[] Pinned(int count) => GC.AllocateArray<int>(count, pinned: true);
}

/// <summary>The blocks of one sequence, in order of position. A view: the sequence owns the array and may append behind
/// <paramref name="Count"/> while a step reads it.</summary>
/// <param name="Blocks">Block ids; only the first <paramref name="Count"/> are meant.</param>
/// <param name="Count">Blocks in use.</param>
public readonly record struct BlockTable(int[] Blocks, int Count)
{
    /// <summary>The slot of a position.</summary>
    public int SlotOf(int position, int blockSlots)
    {
        int block = position / blockSlots;
        return block < Count
            ? (Blocks[block] * blockSlots) + (position % blockSlots)
            : throw new ShapeException($"position {position} needs block {block}, the table has {Count}");
    }
}
