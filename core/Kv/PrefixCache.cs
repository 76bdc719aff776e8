namespace Glm5.Core.Kv;

/// <summary>
/// Which full blocks of one memory hold which prefix, so that a sequence that begins like another takes its blocks
/// instead of computing them again. Latents and index keys share block ids, so one entry covers both caches. An entry
/// stands for as long as its block keeps its rows, owned or not; the pool says when they go. Nothing is allocated after
/// construction. One thread.
/// </summary>
internal sealed class PrefixCache
{
    private readonly Dictionary<BlockHash, int> _blocks;
    private readonly BlockHash[] _hashOf;
    private readonly PrefixId[] _idOf, _parentOf;
    private readonly int[] _tokens;
    private readonly string?[] _saltOf;
    private long _lastId;

    /// <summary>A cache over a pool's blocks, block 0 included.</summary>
    /// <param name="blocks">Blocks of the pool.</param>
    /// <param name="blockSlots">Tokens in a block.</param>
    /// <param name="lookAhead">
    /// Tokens behind a block that its rows depend on: 1 with a draft layer, whose row i is computed from token i + 1.
    /// </param>
    public PrefixCache(int blocks, int blockSlots, int lookAhead = 0)
    {
        (BlockSlots, LookAhead) = (blockSlots, lookAhead);
        _blocks = new Dictionary<BlockHash, int>(blocks);
        (_hashOf, _idOf, _parentOf) = (new BlockHash[blocks], new PrefixId[blocks], new PrefixId[blocks]);
        _saltOf = new string?[blocks];
        _tokens = new int[checked(blocks * KeyTokens)];
    }

    /// <summary>Tokens in a block.</summary>
    public int BlockSlots { get; }

    /// <summary>Tokens behind a block that its rows depend on.</summary>
    public int LookAhead { get; }

    /// <summary>Tokens that an entry covers beyond its parent's.</summary>
    public int KeyTokens => BlockSlots + LookAhead;

    /// <summary>Blocks that can be found.</summary>
    public int Count => _blocks.Count;

    /// <summary>True when a block can be found.</summary>
    public bool IsPublished(int block) => _idOf[block] != PrefixId.Empty;

    /// <summary>The prefix that ends with a published block.</summary>
    public PrefixId IdOf(int block) => _idOf[block];

    /// <summary>The prefix before a published block; empty when it is the first of its sequences.</summary>
    public PrefixId ParentOf(int block) => _parentOf[block];

    /// <summary>What a published block is found by.</summary>
    public BlockKey KeyOf(int block) => new(_hashOf[block], _parentOf[block], _saltOf[block], TokensOf(block));

    /// <summary>
    /// Finds the block of a key. Compares all that the hash stands for: the parent's entry was compared the same way,
    /// so a block that is found holds exactly the prefix that was asked for.
    /// </summary>
    public bool TryFind(in BlockKey key, out int block) =>
        _blocks.TryGetValue(key.Hash, out block)
        && _parentOf[block] == key.Parent
        && (key.Parent != PrefixId.Empty || _saltOf[block] == key.Salt)
        && key.Tokens.SequenceEqual(TokensOf(block));

    /// <summary>The block that stands under a hash, whether or not its prefix is the one meant; 0 when there is none.</summary>
    public int HolderOf(BlockHash hash) => _blocks.GetValueOrDefault(hash);

    /// <summary>
    /// Lets a computed block be found, as a prefix that is nowhere else. False when another has the same hash; it keeps
    /// its place then.
    /// </summary>
    public bool TryPublish(int block, in BlockKey key) => TryPublish(block, key, new PrefixId(++_lastId));

    /// <summary>Lets a block be found that holds a prefix known elsewhere as <paramref name="id"/>.</summary>
    public bool TryPublish(int block, in BlockKey key, PrefixId id)
    {
        if (!_blocks.TryAdd(key.Hash, block))
            return false;
        (_hashOf[block], _idOf[block], _parentOf[block], _saltOf[block]) = (key.Hash, id, key.Parent, key.Salt);
        key.Tokens.CopyTo(TokensOf(block));
        return true;
    }

    /// <summary>Lets a block be found no more: its rows are about to go.</summary>
    public void Forget(int block)
    {
        _blocks.Remove(_hashOf[block]);
        (_saltOf[block], _idOf[block]) = (null, PrefixId.Empty);
    }

    private Span<int> TokensOf(int block) => _tokens.AsSpan(block * KeyTokens, KeyTokens);
}
