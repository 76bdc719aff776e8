namespace Glm5.Core.Kv;

/// <summary>
/// The KV blocks that sequences can own. A block has one owner at a time; block 0 belongs to graph padding and is never
/// handed out. The block returned last is taken first, because its rows may still be in a cache. One thread.
/// </summary>
public sealed class BlockPool
{
    private readonly int[] _free;

    /// <summary>A pool over ids 1 to <paramref name="blocks"/> - 1.</summary>
    public BlockPool(int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 2);
        Capacity = blocks - 1;
        _free = new int[Capacity];
        for (int i = 0; i < Capacity; i++)
            _free[i] = Capacity - i;
        Free = Capacity;
    }

    /// <summary>Blocks that sequences can own.</summary>
    public int Capacity { get; }

    /// <summary>Blocks without an owner.</summary>
    public int Free { get; private set; }

    /// <summary>Blocks with an owner.</summary>
    public int InUse => Capacity - Free;

    /// <summary>Takes as many blocks as the span holds, or none of them when they are not there.</summary>
    public bool TryTake(Span<int> into)
    {
        if (into.Length > Free)
            return false;
        for (int i = 0; i < into.Length; i++)
            into[i] = _free[--Free];
        return true;
    }

    /// <summary>Gives blocks back, the first of them to be taken first again.</summary>
    public void Return(ReadOnlySpan<int> blocks)
    {
        if (blocks.Length > InUse)
            throw new InvalidOperationException($"{blocks.Length} blocks are returned, {InUse} are in use");
        for (int i = blocks.Length - 1; i >= 0; i--)
            _free[Free++] = blocks[i];
    }

    /// <summary>Ids without an owner, for checks.</summary>
    internal ReadOnlySpan<int> FreeBlocks => _free.AsSpan(0, Free);
}
