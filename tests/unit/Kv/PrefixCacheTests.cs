using CsCheck;
using Glm5.Core.Kv;

namespace Glm5.Tests.Unit.Kv;

[TestClass]
public sealed class PrefixCacheTests
{
    private static readonly BlockHash s_root = BlockHash.Root("model", null);

    [TestMethod]
    public void A_prefix_with_an_equal_hash_is_not_taken_for_another()
    {
        var cache = new PrefixCache(blocks: 8, blockSlots: 2);
        Assert.IsTrue(cache.TryPublish(3, Key(null, [1, 2])));
        Assert.IsTrue(cache.TryFind(Key(null, [1, 2]), out int found));
        Assert.AreEqual(3, found);
        Assert.IsFalse(cache.TryFind(Key(null, [1, 3]), out _), "other tokens");
        Assert.IsFalse(cache.TryFind(new BlockKey(s_root, new PrefixId(5), null, [1, 2]), out _), "another parent");
        Assert.IsFalse(cache.TryFind(Key("salt", [1, 2]), out _), "another salt");
        Assert.IsFalse(cache.TryPublish(4, Key(null, [1, 3])), "the first keeps its place");
        Assert.IsFalse(cache.IsPublished(4));
    }

    [TestMethod]
    public void What_is_forgotten_is_not_found()
    {
        var cache = new PrefixCache(blocks: 8, blockSlots: 2);
        cache.TryPublish(3, Key("salt", [1, 2]));
        cache.Forget(3);
        Assert.IsFalse(cache.TryFind(Key("salt", [1, 2]), out _));
        Assert.AreEqual(0, cache.Count);
    }

    [TestMethod]
    public void A_hash_covers_model_salt_and_every_token_before()
    {
        BlockHash[] hashes =
        [
            s_root, s_root.Next([1]), s_root.Next([2]), s_root.Next([1]).Next([2]), s_root.Next([2]).Next([1]), s_root.Next([1, 2]),
            BlockHash.Root("other", null), BlockHash.Root("model", ""), BlockHash.Root("model", "salt"),
            BlockHash.Root("model:salt", null), s_root.Next(new int[300]), s_root.Next(new int[301]),
        ];
        Assert.HasCount(hashes.Length, hashes.Distinct());
        Assert.AreEqual(s_root.Next([1]).Next([2]), BlockHash.Root("model", null).Next([1]).Next([2]));
    }

    [TestMethod]
    public void A_block_that_depends_on_the_token_behind_it_is_found_only_with_it()
    {
        var cache = new PrefixCache(blocks: 20, blockSlots: 2, lookAhead: 1);
        var pool = new BlockPool(20, cache);
        int[] tokens = [1, 2, 3, 4, 5, 6], other = [1, 2, 3, 4, 9, 9];
        var blocks = new int[3];
        pool.TryTake(blocks);
        PrefixChain chain = NewChain(cache);
        chain.Publish(pool, tokens, computed: 6, blocks);
        Assert.AreEqual(2, chain.Published, "the third block's successor is not known");
        Assert.AreEqual(2, Enter(NewChain(cache), cache, pool, tokens, new int[3]));
        Assert.AreEqual(1, Enter(NewChain(cache), cache, pool, other, new int[3]), "the second block was followed by another token");
    }

    [TestMethod]
    public void Whatever_is_found_holds_the_tokens_that_were_asked_for() =>
        Gen.Select(Gen.Int[1, 3], Gen.Int[0, 1], Gen.Int[0, 2].Array[1, 12].Array[1, 30]).Sample((slots, lookAhead, prompts) =>
        {
            var cache = new PrefixCache(blocks: 15, slots, lookAhead);
            var pool = new BlockPool(15, cache);
            var rows = new int[15][];
            foreach (int[] tokens in prompts)
            {
                var blocks = new int[tokens.Length];
                PrefixChain chain = NewChain(cache);
                int found = Enter(chain, cache, pool, tokens, blocks), needed = (tokens.Length + slots - 1) / slots;
                Assert.IsLessThan(tokens.Length, found * slots);
                for (int b = 0; b < found; b++)
                    CollectionAssert.AreEqual(tokens[..(((b + 1) * slots) + lookAhead)], rows[blocks[b]]);
                Assert.IsTrue(pool.TryTake(blocks.AsSpan(found, needed - found)));
                for (int b = found; b < needed; b++)
                    rows[blocks[b]] = tokens[..Math.Min(tokens.Length, ((b + 1) * slots) + lookAhead)];
                chain.Publish(pool, tokens, tokens.Length, blocks);
                pool.Return(blocks.AsSpan(0, needed));
                Assert.AreEqual(0, pool.InUse);
                Assert.AreEqual(cache.Count, pool.IdleBlocks.Count);
            }
        }, iter: Soak.Times(500), threads: 1);

    /// <summary>The first block of a sequence, under one hash whatever it holds.</summary>
    private static BlockKey Key(string? salt, int[] tokens) => new(s_root, PrefixId.Empty, salt, tokens);

    private static int Enter(PrefixChain chain, PrefixCache cache, BlockPool pool, int[] tokens, int[] blocks)
    {
        PrefixMatch match = chain.Find(cache, pool, tokens, blocks);
        Assert.AreEqual(blocks[..match.Found].Count(block => pool.OwnersOf(block) == 0), match.Idle);
        chain.Enter(pool, blocks.AsSpan(0, match.Found));
        return match.Found;
    }

    private static PrefixChain NewChain(PrefixCache cache)
    {
        var chain = new PrefixChain(cache, "model", salt: null);
        chain.MakeRoom(20);
        return chain;
    }
}
