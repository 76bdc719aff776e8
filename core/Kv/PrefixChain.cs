namespace Glm5.Core.Kv;

/// <summary>
/// One sequence's way through the prefix cache: the hashes of its blocks, made as they are needed, and how many of its
/// blocks are published. Used by the engine's thread alone once the sequence is submitted.
/// </summary>
/// <param name="cache">The cache it goes through, until it joins another of the same shape.</param>
/// <param name="identity">Names the model and the layout of its blocks.</param>
/// <param name="salt">Keeps prefixes apart.</param>
internal sealed class PrefixChain(PrefixCache cache, string identity, string? salt)
{
    private readonly BlockHash _root = BlockHash.Root(identity, salt);
    private PrefixCache _cache = cache;
    private BlockHash[] _hashes = [];
    private int _hashed;

    /// <summary>Blocks, from the first, that the sequence owns and others can find.</summary>
    public int Published { get; private set; }

    /// <summary>Makes room for the hashes of so many blocks.</summary>
    public void MakeRoom(int blocks) => Array.Resize(ref _hashes, Math.Max(blocks, _hashes.Length));

    /// <summary>Goes through another cache from now on, one of the same shape. Before it has entered any.</summary>
    public void Join(PrefixCache cache) => _cache = cache;

    /// <summary>
    /// Finds the longest prefix of <paramref name="tokens"/> that a pool's cache has, then what the host has behind it;
    /// nothing is taken. The last token is always left to compute: without it there would be no logits.
    /// </summary>
    /// <param name="cache">The pool's cache.</param>
    /// <param name="pool">Whose blocks they are.</param>
    /// <param name="tokens">The sequence.</param>
    /// <param name="blocks">Gets the blocks that were found: has room for all, or none for who does not want them.</param>
    public PrefixMatch Find(PrefixCache cache, BlockPool pool, ReadOnlySpan<int> tokens, Span<int> blocks)
    {
        int most = MostShared(tokens), found = 0, idle = 0;
        PrefixId parent = PrefixId.Empty;
        MakeRoom(most);
        for (; found < most && cache.TryFind(Key(found, parent, tokens), out int block); found++)
        {
            if (!blocks.IsEmpty)
                blocks[found] = block;
            parent = cache.IdOf(block);
            idle += pool.OwnersOf(block) == 0 ? 1 : 0;
        }

        int copied = 0;
        for (; pool.Host is { } host && found + copied < most; copied++)
        {
            BlockKey key = Key(found + copied, parent, tokens);
            // Where the device has another prefix with the same hash, the copy could not be found there.
            if (!host.TryFind(key, out int copy) || cache.HolderOf(key.Hash) != 0)
                break;
            parent = host.IdOf(copy);
        }

        return new PrefixMatch(found, idle, copied);
    }

    /// <summary>Makes the sequence an owner of the blocks that were found.</summary>
    public void Enter(BlockPool pool, ReadOnlySpan<int> found)
    {
        pool.Share(found);
        Published = found.Length;
    }

    /// <summary>Copies that will be wanted, behind the blocks that it entered, are forgotten last.</summary>
    public void TouchCopies(HostTier host, ReadOnlySpan<int> tokens, ReadOnlySpan<int> blocks, int copied)
    {
        PrefixId parent = IdBefore(Published, blocks);
        for (int block = Published; block < Published + copied && host.TryFind(Key(block, parent, tokens), out int copy); block++)
        {
            host.Touch(copy);
            parent = host.IdOf(copy);
        }
    }

    /// <summary>
    /// Fills blocks of the sequence's own behind those that it entered from their copies on the host, up to
    /// <paramref name="most"/>, publishes them, and returns how many there were.
    /// </summary>
    public int Recall(HostTier host, ReadOnlySpan<int> tokens, ReadOnlySpan<int> blocks, int most)
    {
        int before = Published;
        for (; Published - before < most; Published++)
        {
            BlockKey key = Key(Published, IdBefore(Published, blocks), tokens);
            int block = blocks[Published];
            if (!host.TryFind(key, out int copy) || !_cache.TryPublish(block, key, host.IdOf(copy)))
                break;
            host.Recall(copy, block);
        }

        return Published - before;
    }

    /// <summary>The sequence has given its blocks back.</summary>
    public void Leave() => Published = 0;

    /// <summary>
    /// Publishes the full blocks of the first <paramref name="computed"/> tokens. Where an equal block is published
    /// already the sequence takes that one and gives its own back: so a published block's parent is owned by whoever
    /// owns the block, and is never forgotten before it.
    /// </summary>
    public void Publish(BlockPool pool, ReadOnlySpan<int> tokens, int computed, Span<int> blocks)
    {
        int full = Math.Min(computed, tokens.Length - _cache.LookAhead) / _cache.BlockSlots;
        while (Published < full
            && pool.TryPublish(ref blocks[Published], Key(Published, IdBefore(Published, blocks), tokens)))
        {
            Published++;
        }
    }

    private int MostShared(ReadOnlySpan<int> tokens) => (tokens.Length - 1) / _cache.BlockSlots;

    private PrefixId IdBefore(int block, ReadOnlySpan<int> blocks) =>
        block == 0 ? PrefixId.Empty : _cache.IdOf(blocks[block - 1]);

    private BlockKey Key(int block, PrefixId parent, ReadOnlySpan<int> tokens)
    {
        for (; _hashed <= block; _hashed++)
        {
            BlockHash before = _hashed == 0 ? _root : _hashes[_hashed - 1];
            _hashes[_hashed] = before.Next(TokensOf(_hashed, tokens));
        }

        return new BlockKey(_hashes[block], parent, salt, TokensOf(block, tokens));
    }

    private ReadOnlySpan<int> TokensOf(int block, ReadOnlySpan<int> tokens) =>
        tokens.Slice(block * _cache.BlockSlots, _cache.KeyTokens);
}
