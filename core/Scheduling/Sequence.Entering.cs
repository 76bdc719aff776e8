using Glm5.Core.Kv;

namespace Glm5.Core.Scheduling;

/// <summary>How a sequence comes by its first blocks.</summary>
internal sealed partial class Sequence
{
    /// <summary>Tokens of it whose rows were brought back from the host.</summary>
    public int RecalledTokens { get; private set; }

    /// <summary>
    /// Takes blocks for all known tokens, those that hold a prefix of them first, when as many as
    /// <paramref name="spare"/> stay free; called at admission, without blocks. A long prefix on the host comes back over
    /// several steps, and false is returned until the rest of it fits into one; at once when nobody is held up, because
    /// the sequence would run <paramref name="alone"/>.
    /// </summary>
    public bool TryEnter(BlockPool pool, int spare, bool alone)
    {
        // The last token's block is never shared: when none is to be had there is nothing to look up.
        if (pool.Free <= spare)
            return false;
        if (_blocks.Length == 0)
            MakeRoom();
        ReadOnlySpan<int> sought = Sought;
        int needed = BlocksWanted;
        PrefixMatch match = _prefix?.Find(Group.Prefixes!, pool, sought, _blocks) ?? default;
        if (!match.Fits(pool, needed, spare))
        {
            pool.Refresh(_blocks.AsSpan(0, match.Found));
            return false;
        }

        int found = match.Found, copied = match.Copied;
        _prefix?.Enter(pool, _blocks.AsSpan(0, found));
        if (copied > 0)
            _prefix!.TouchCopies(pool.Host!, sought, _blocks, copied);
        if (!alone && copied > pool.Host?.RecallsLeft)
        {
            RecallSome(pool, found, pool.Host.RecallsLeft);
            return false;
        }

        pool.TryTake(_blocks.AsSpan(found, needed - found));
        found += Recall(pool, copied);
        (BlockCount, Computed) = (needed, found * _blockSlots);
        CachedTokens ??= Computed;
        Admissions++;
        return true;
    }

    /// <summary>Blocks of all known tokens.</summary>
    public int BlocksWanted => BlocksFor(Known);

    /// <summary>That, when it began to wait.</summary>
    public int QueuedBlocks { get; set; }

    /// <summary>What of its prompt a group has, and whether that group has room for it behind those that wait there.</summary>
    public (int Tokens, bool Begins) MatchIn(EngineGroup group)
    {
        BlockPool pool = group.Scheduler.Pool;
        PrefixMatch match = group.Prefixes is { } cache && _prefix is { } prefix
            ? prefix.Find(cache, pool, _request.Prompt.AsSpan(), [])
            : default;
        bool begins = group.Scheduler.TakesMore && match.Fits(pool, BlocksWanted, group.Scheduler.Waiting.Blocks);
        return ((match.Found + match.Copied) * _blockSlots, begins);
    }

    /// <summary>
    /// Brings back what a step may, and leaves it on the device, where the next try finds it behind the
    /// <paramref name="found"/> blocks.
    /// </summary>
    private void RecallSome(BlockPool pool, int found, int most)
    {
        pool.TryTake(_blocks.AsSpan(found, most));
        Recall(pool, most);
        Return(pool, found + most);
    }

    private int Recall(BlockPool pool, int most)
    {
        if (most == 0)
            return 0;
        int recalled = _prefix!.Recall(pool.Host!, Sought, _blocks, most);
        RecalledTokens += recalled * _blockSlots;
        return recalled;
    }
}
