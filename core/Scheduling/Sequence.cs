using Glm5.Core.Accelerator;
using Glm5.Core.Kv;
using Glm5.Core.Sampling;

namespace Glm5.Core.Scheduling;

/// <summary>Where a sequence is.</summary>
internal enum SequenceState
{
    /// <summary>Without blocks, in the waiting queue.</summary>
    Waiting,

    /// <summary>With blocks, in the running batch.</summary>
    Running,

    /// <summary>Without blocks, never to be scheduled again.</summary>
    Ended,
}

/// <summary>
/// A request as the scheduler sees it: tokens that are known, how many of them are computed, and the blocks that hold
/// their cache rows. It wants steps until the computed tokens have caught up with the known ones. Used by the engine's
/// thread alone once it is submitted.
/// </summary>
internal sealed partial class Sequence
{
    /// <summary>Room for tokens of the answer that a sequence starts with; it grows by doubling.</summary>
    private const int FirstRoom = 1024;

    private readonly GenerationRequest _request;
    private readonly PrefixChain? _prefix;
    private readonly int _blockSlots;
    private int[] _tokens = [];
    private int[] _blocks = [];
    private int[] _drafts = [];
    private int _draftCount;

    /// <summary>
    /// A sequence that may grow to <paramref name="limit"/> tokens, prompt included. Without a chain it shares no
    /// blocks.
    /// </summary>
    public Sequence(
        GenerationRequest request, SequenceSampler sampler, int limit, int blockSlots, PrefixChain? prefix = null)
    {
        (_request, Sampler, Limit, _blockSlots, _prefix) = (request, sampler, limit, blockSlots, prefix);
        (Known, Urgency) = (request.Prompt.Length, request.Priority);
        Leader = prefix is null ? null : (request.SharesPromptWith as GenerationStream)?.Sequence;
    }

    /// <summary>Chooses its tokens.</summary>
    public SequenceSampler Sampler { get; }

    /// <summary>The most tokens it can have.</summary>
    public int Limit { get; }

    /// <summary>Tokens of the prompt.</summary>
    public int PromptLength => _request.Prompt.Length;

    /// <summary>Where its tokens are published; set before it is submitted.</summary>
    public GenerationStream Stream { get; set; } = null!;

    /// <summary>The sequence whose prompt it shares; null for none.</summary>
    public Sequence? Leader { get; }

    /// <summary>
    /// True while its prompt is being computed for another one, which will leave it in the prefix cache. Not for one whose
    /// prompt is scored: that one takes a few tokens a step, and whoever waited for it would hold up everybody.
    /// </summary>
    public bool WaitsForLeader => CachedTokens is null
        && Leader is { State: SequenceState.Running, IsScored: false } leader && leader.Known == leader.PromptLength;

    /// <summary>The group of ranks that runs it, for good; set when the engine takes it.</summary>
    public EngineGroup Group { get; private set; } = null!;

    /// <summary>Its number in the order of arrival.</summary>
    public long Arrival { get; set; }

    /// <summary>When it was submitted, as a timestamp of the engine's clock.</summary>
    public long SubmittedAt { get; init; }

    /// <summary>When its first step began; null until then.</summary>
    public long? StartedAt { get; set; }

    /// <summary>When its last token was published; null before the first.</summary>
    public long? PublishedAt { get; set; }

    /// <summary>Where it is.</summary>
    public SequenceState State { get; set; }

    /// <summary>Why it ended; null until then.</summary>
    public FinishReason? Finish { get; set; }

    /// <summary>Tokens whose ids are known: the prompt and what was chosen so far.</summary>
    public int Known { get; private set; }

    /// <summary>
    /// Tokens whose rows are in the caches, those of the step in flight and of the step prepared behind it included.
    /// </summary>
    public int Computed { get; set; }

    /// <summary>Tokens of the prompt whose rows were there when it was admitted first; null until then.</summary>
    public int? CachedTokens { get; private set; }

    /// <summary>Times that it was admitted: more than one when it was preempted.</summary>
    public int Admissions { get; private set; }

    /// <summary>Tokens that the step in flight will choose.</summary>
    public int Pending { get; set; }

    /// <summary>
    /// Drafts that the step in flight verifies: it chooses up to so many tokens beyond <see cref="Pending"/>.
    /// </summary>
    public int Verifying { get; set; }

    /// <summary>Finds what it repeats; null until drafts come from there.</summary>
    public PromptLookup? Lookup { get; set; }

    /// <summary>Guesses at the tokens behind the known ones.</summary>
    public ReadOnlySpan<int> Drafts => _drafts.AsSpan(0, _draftCount);

    /// <summary>Tokens it can have behind its known ones, but for the very last.</summary>
    public int Room => Limit - 1 - Known;

    /// <summary>Tokens to compute next.</summary>
    public int Remaining => Known + Pending - Computed;

    /// <summary>True when the step in flight chooses its last token, whichever that is.</summary>
    public bool EndsByItself => Known + Pending >= Limit;

    /// <summary>Blocks it owns.</summary>
    public int BlockCount { get; private set; }

    /// <summary>Tokens in a block.</summary>
    public int BlockSlots => _blockSlots;

    /// <summary>[known] ids.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Known);

    /// <summary>The blocks it owns, in order of position. The array is not replaced while a step may read it.</summary>
    public BlockTable BlockTable => new(_blocks, BlockCount);

    /// <summary>Belongs to a group from now on. Before it is scheduled.</summary>
    public void Join(EngineGroup group)
    {
        Group = group;
        Sampler.Use(group.Scratch);
        if (group.Prefixes is { } cache)
            _prefix?.Join(cache);
    }

    /// <summary>
    /// Lets others find the full blocks of the first <paramref name="computed"/> tokens, whose rows are in the caches.
    /// No step that reads the block table may be in flight.
    /// </summary>
    public void Publish(BlockPool pool, int computed) => _prefix?.Publish(pool, Tokens, computed, _blocks);

    /// <summary>
    /// Takes the blocks that computing its next token needs beyond those it has, whatever the step in flight accepts.
    /// </summary>
    public bool TryGrow(BlockPool pool) => TryGrow(pool, TokensAfterNext, spare: 0);

    /// <summary>
    /// Takes blocks for up to <paramref name="length"/> drafts behind its next token and for so many
    /// <paramref name="slots"/> behind those, if so many as <paramref name="spare"/> stay free. Returns how many drafts its
    /// blocks can hold.
    /// </summary>
    public int ReserveDrafts(BlockPool pool, int length, int slots, int spare)
    {
        int own = TokensAfterNext;
        TryGrow(pool, Math.Min(Limit, own + length + slots), spare);
        return Math.Clamp((BlockCount * _blockSlots) - own, 0, length);
    }

    /// <summary>
    /// Takes blocks for <paramref name="slots"/> in which the draft layer works behind the next <paramref name="count"/>
    /// tokens, if so many as <paramref name="spare"/> stay free; without them fewer tokens are drafted.
    /// </summary>
    public void ReserveDrafting(BlockPool pool, int count, int slots, int spare) =>
        TryGrow(pool, Math.Min(Limit, Computed + count + slots), spare);

    /// <summary>Replaces the drafts.</summary>
    public void SetDrafts(ReadOnlySpan<int> drafts)
    {
        if (_drafts.Length == 0)
            _drafts = new int[DraftCounts.Places];
        drafts.CopyTo(_drafts);
        _draftCount = drafts.Length;
    }

    private int TokensAfterNext => Math.Min(Limit, Computed + Verifying + 1);

    private bool TryGrow(BlockPool pool, int tokens, int spare)
    {
        int missing = BlocksFor(tokens) - BlockCount;
        if (missing <= 0)
            return true;
        if (missing + spare > pool.Free)
            return false;
        if (!pool.TryTake(_blocks.AsSpan(BlockCount, missing)))
            return false;
        BlockCount += missing;
        return true;
    }

    /// <summary>
    /// Gives all blocks back. What was computed is lost, unless it was published and nobody takes the blocks meanwhile;
    /// what is known is not.
    /// </summary>
    public void Release(BlockPool pool)
    {
        Return(pool, BlockCount);
        (BlockCount, Computed) = (0, 0);
    }

    /// <summary>Adds a chosen token; says why the answer ends with it, null when it goes on.</summary>
    public FinishReason? Append(int token)
    {
        if (Known == _tokens.Length)
            Array.Resize(ref _tokens, Math.Min(Limit, 2 * _tokens.Length));
        _tokens[Known++] = token;
        if (_request.StopIds.AsSpan().Contains(token))
            return FinishReason.Stop;
        return Known == Limit ? FinishReason.Length : null;
    }

    private void Return(BlockPool pool, int blocks)
    {
        pool.Return(_blocks.AsSpan(0, blocks));
        _prefix?.Leave();
    }

    private int BlocksFor(int tokens) => (tokens + _blockSlots - 1) / _blockSlots;

    /// <summary>Thousands may wait, few run: room for blocks and tokens is made at the first admission.</summary>
    private void MakeRoom()
    {
        _blocks = new int[BlocksFor(Limit)];
        _prefix?.MakeRoom(_blocks.Length);
        _tokens = new int[Math.Min(Limit, PromptLength + FirstRoom)];
        _request.Prompt.CopyTo(_tokens);
    }
}
