using System.Diagnostics;

namespace Glm5.Core.Kv;

/// <summary>
/// The KV blocks that sequences can own. With a prefix cache a published block may have several owners, and keeps its
/// rows when it has none until the block is needed: empty blocks are taken first, then published ones, least recently
/// used first. Block 0 belongs to graph padding and is never handed out. The empty block returned last is taken first,
/// because its rows may still be in a processor's cache. One thread.
/// </summary>
public sealed class BlockPool
{
    private readonly PrefixCache? _cache;
    private readonly HostTier? _host;
    private readonly RecencyList _idle;
    private readonly int[] _owners;
    private readonly int[] _empty;
    private int _emptyCount;

    /// <summary>A pool over ids 1 to <paramref name="blocks"/> - 1.</summary>
    public BlockPool(int blocks)
        : this(blocks, cache: null)
    {
    }

    /// <summary>
    /// A pool whose published blocks the cache finds, and of which <paramref name="host"/> keeps copies; null for one
    /// without.
    /// </summary>
    internal BlockPool(int blocks, PrefixCache? cache, HostTier? host = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 2);
        Capacity = blocks - 1;
        (_cache, _host, _idle, _owners) = (cache, host, new RecencyList(blocks), new int[blocks]);
        _empty = new int[Capacity];
        for (int i = 0; i < Capacity; i++)
            _empty[i] = Capacity - i;
        _emptyCount = Capacity;
    }

    /// <summary>Blocks that sequences can own.</summary>
    public int Capacity { get; }

    /// <summary>Blocks without an owner, those that hold a published prefix included.</summary>
    public int Free => _emptyCount + _idle.Count;

    /// <summary>Blocks with an owner.</summary>
    public int InUse => Capacity - Free;

    /// <summary>Takes as many blocks as the span holds, or none of them when they are not there.</summary>
    public bool TryTake(Span<int> into)
    {
        if (into.Length > Free)
            return false;
        foreach (ref int block in into)
        {
            block = _emptyCount > 0 ? _empty[--_emptyCount] : ForgetOldest();
            _owners[block] = 1;
        }

        return true;
    }

    /// <summary>
    /// Gives blocks back, the first of them to be taken first again; of published ones the last are forgotten first.
    /// </summary>
    public void Return(ReadOnlySpan<int> blocks)
    {
        for (int i = blocks.Length - 1; i >= 0; i--)
            Return(blocks[i]);
    }

    /// <summary>Somebody waits for published blocks: those without an owner are forgotten last, the first of them very last.</summary>
    internal void Refresh(ReadOnlySpan<int> blocks)
    {
        for (int i = blocks.Length - 1; i >= 0; i--)
        {
            if (_owners[blocks[i]] > 0)
                continue;
            _idle.Remove(blocks[i]);
            _idle.Append(blocks[i]);
        }
    }

    /// <summary>Adds an owner to published blocks.</summary>
    internal void Share(ReadOnlySpan<int> blocks)
    {
        foreach (int block in blocks)
            Share(block);
    }

    /// <summary>
    /// Publishes a block, or exchanges it for the equal one that is published already. False when the cache cannot take
    /// it; the block is the owner's alone then, and so is every block behind it.
    /// </summary>
    internal bool TryPublish(ref int block, in BlockKey key)
    {
        Debug.Assert(_cache is not null, "a pool without a cache publishes nothing");
        if (!_cache.TryFind(key, out int equal))
        {
            return _host is not null && _host.TryFind(key, out int copy)
                ? _cache.TryPublish(block, key, _host.IdOf(copy))
                : _cache.TryPublish(block, key);
        }

        Share(equal);
        Return(block);
        block = equal;
        return true;
    }

    /// <summary>Ids that hold nothing, for checks.</summary>
    internal ReadOnlySpan<int> EmptyBlocks => _empty.AsSpan(0, _emptyCount);

    /// <summary>Blocks without an owner that hold a published prefix.</summary>
    internal RecencyList IdleBlocks => _idle;

    /// <summary>What finds published blocks; null when nothing does.</summary>
    internal PrefixCache? Cache => _cache;

    /// <summary>Where copies of published blocks are; null when there are none.</summary>
    internal HostTier? Host => _host;

    /// <summary>How many own a block, for checks.</summary>
    internal int OwnersOf(int block) => _owners[block];

    private void Share(int block)
    {
        if (_owners[block]++ == 0)
            _idle.Remove(block);
    }

    private void Return(int block)
    {
        if (_owners[block] == 0)
            throw new InvalidOperationException($"block {block} is returned and nobody owns it");
        if (--_owners[block] > 0)
            return;
        if (_cache is null || !_cache.IsPublished(block))
        {
            _empty[_emptyCount++] = block;
            return;
        }

        _idle.Append(block);
        _host?.Left(block);
    }

    private int ForgetOldest()
    {
        int block = _idle.Oldest;
        _idle.Remove(block);
        _host?.Evict(block);
        _cache!.Forget(block);
        return block;
    }
}
