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

    /// <summary>Tokens of a prompt whose rows a cache has; nothing is taken.</summary>
    public int MatchIn(PrefixCache cache, ReadOnlySpan<int> tokens)
    {
        int most = MostShared(tokens), found = 0;
        PrefixId parent = PrefixId.Empty;
        MakeRoom(most);
        for (; found < most && cache.TryFind(Key(found, parent, tokens), out int block); found++)
            parent = cache.IdOf(block);
        return found * cache.BlockSlots;
    }

    /// <summary>
    /// Writes the blocks that hold the longest known prefix of <paramref name="tokens"/> into
    /// <paramref name="blocks"/>, makes the sequence an owner of each, and returns how many there are. The last token
    /// is always left to compute: without it there would be no logits.
    /// </summary>
    public int Enter(BlockPool pool, ReadOnlySpan<int> tokens, Span<int> blocks)
    {
        int most = MostShared(tokens), found = 0;
        while (found < most && _cache.TryFind(Key(found, IdBefore(found, blocks), tokens), out blocks[found]))
            found++;
        pool.Share(blocks[..found]);
        Published = found;
        return found;
    }

    /// <summary>
    /// How many blocks behind those that it entered have a copy on the host; those copies are forgotten last.
    /// </summary>
    public int CountCopies(HostTier host, ReadOnlySpan<int> tokens, ReadOnlySpan<int> blocks)
    {
        int most = MostShared(tokens), end = Published;
        PrefixId parent = IdBefore(end, blocks);
        for (; end < most; end++)
        {
            BlockKey key = Key(end, parent, tokens);
            // Where the device has another prefix with the same hash, the copy could not be found there.
            if (!host.TryFind(key, out int copy) || _cache.HolderOf(key.Hash) != 0)
                break;
            host.Touch(copy);
            parent = host.IdOf(copy);
        }

        return end - Published;
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
