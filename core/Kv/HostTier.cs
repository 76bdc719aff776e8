using Glm5.Core.Accelerator;

namespace Glm5.Core.Kv;

/// <summary>
/// The second place of published blocks: a bounded number of copies in host memory, found like those on the device when
/// the device's are gone. Decides what is copied; the ranks copy at the start of the next step, in the order in which it
/// was decided, so whoever reads a block in that step finds its rows. One thread.
/// </summary>
/// <remarks>
/// A block is copied soon after its last owner has left it, a few a step, so that taking it for something else costs
/// nothing then; one that is taken before gets the step's remaining moves or is lost. Children are copied before their
/// parents, as they are forgotten before them, so the least recently used order alone forgets whole ends of prefixes.
/// </remarks>
internal sealed class HostTier
{
    private readonly PrefixCache _device, _copies;
    private readonly RecencyList _recent;
    private readonly Queue<int> _uncopied;
    private readonly bool[] _queued;
    private readonly List<BlockMove> _moves;
    private readonly int _movesPerStep;
    private int _kept, _recalled, _firstUnused = 1;
    private long _keptBlocks, _recalledBlocks, _lostBlocks;

    /// <summary>A tier of <paramref name="size"/> for a pool of <paramref name="deviceBlocks"/>, block 0 included.</summary>
    public HostTier(HostCacheSize size, PrefixCache device, int deviceBlocks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size.Blocks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(size.MovesPerStep, 1);
        (_device, _movesPerStep, Capacity) = (device, size.MovesPerStep, size.Blocks);
        _copies = new PrefixCache(Capacity + 1, device.BlockSlots, device.LookAhead);
        _recent = new RecencyList(Capacity + 1);
        (_uncopied, _queued) = (new Queue<int>(deviceBlocks), new bool[deviceBlocks]);
        _moves = new List<BlockMove>(2 * Math.Min(deviceBlocks, _movesPerStep));
    }

    /// <summary>Blocks that fit.</summary>
    public int Capacity { get; }

    /// <summary>Recalls that the step being prepared can still do without holding others up.</summary>
    public int RecallsLeft => Math.Max(0, _movesPerStep - _recalled);

    /// <summary>What it holds and has done; any thread.</summary>
    public HostCacheStatus Status => new(
        Capacity, Math.Min(Capacity, Volatile.Read(ref _firstUnused) - 1), Volatile.Read(ref _keptBlocks),
        Volatile.Read(ref _recalledBlocks), Volatile.Read(ref _lostBlocks));

    /// <summary>Finds the copy of a block; as certain as <see cref="PrefixCache.TryFind"/>.</summary>
    public bool TryFind(in BlockKey key, out int copy) => _copies.TryFind(key, out copy);

    /// <summary>The prefix of a copy, which is the same on the device.</summary>
    public PrefixId IdOf(int copy) => _copies.IdOf(copy);

    /// <summary>A published block has lost its last owner: it will be copied when a step has moves to spare.</summary>
    public void Left(int block)
    {
        if (_queued[block])
            return;
        _queued[block] = true;
        _uncopied.Enqueue(block);
    }

    /// <summary>
    /// A published block is about to be taken for other rows: the last moment to copy it, if that has not been done.
    /// </summary>
    public void Evict(int block) => Copy(block);

    /// <summary>Fills a device's block from a copy, which stays.</summary>
    public void Recall(int copy, int block)
    {
        _moves.Add(new BlockMove(BlockMoveKind.Recall, block, copy));
        _recalled++;
        Volatile.Write(ref _recalledBlocks, _recalledBlocks + 1);
    }

    /// <summary>Notes that a copy is wanted, so that others are forgotten before it.</summary>
    public void Touch(int copy)
    {
        _recent.Remove(copy);
        _recent.Append(copy);
    }

    /// <summary>
    /// Hands the moves decided so far to the step that is about to begin, with copies of blocks that nobody owns for as
    /// long as it has moves to spare.
    /// </summary>
    public void HandOver(StepLayout layout, BlockPool pool)
    {
        while (_kept < _movesPerStep && _uncopied.TryDequeue(out int block))
        {
            _queued[block] = false;
            if (pool.OwnersOf(block) == 0 && _device.IsPublished(block))
                Copy(block);
        }

        foreach (BlockMove move in _moves)
            layout.AddMove(move);
        _moves.Clear();
        (_kept, _recalled) = (0, 0);
    }

    private void Copy(int block)
    {
        BlockKey key = _device.KeyOf(block);
        if (_copies.TryFind(key, out int copy))
        {
            Touch(copy);
            return;
        }

        if (_kept == _movesPerStep)
        {
            Volatile.Write(ref _lostBlocks, _lostBlocks + 1);
            return;
        }

        copy = Take(key.Hash);
        _copies.TryPublish(copy, key, _device.IdOf(block));
        _recent.Append(copy);
        _moves.Add(new BlockMove(BlockMoveKind.Keep, block, copy));
        _kept++;
        Volatile.Write(ref _keptBlocks, _keptBlocks + 1);
    }

    /// <summary>
    /// A place for a new copy: that of one with the same hash, which nothing leads to any more, else an unused one, else
    /// that of the least recently used.
    /// </summary>
    private int Take(BlockHash hash)
    {
        int copy = _copies.HolderOf(hash);
        if (copy == 0 && _firstUnused <= Capacity)
        {
            copy = _firstUnused;
            Volatile.Write(ref _firstUnused, copy + 1);
            return copy;
        }

        if (copy == 0)
            copy = _recent.Oldest;
        _recent.Remove(copy);
        _copies.Forget(copy);
        return copy;
    }
}
