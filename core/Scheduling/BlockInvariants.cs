using System.Runtime.CompilerServices;
using Glm5.Core.Kv;

namespace Glm5.Core.Scheduling;

/// <summary>What must hold of blocks and their owners between any two steps.</summary>
internal static class BlockInvariants
{
    /// <summary>Throws with the first thing that is not as it must be.</summary>
    public static void Check(BlockPool pool, ReadOnlySpan<Sequence> running)
    {
        var owners = new int[pool.Capacity + 1];
        foreach (Sequence sequence in running)
            CountOwner(sequence, owners);
        EveryBlockIsEmptyIdleOrOwned(pool, owners);
        if (pool.Cache is not { } cache)
            return;
        EveryParentOutlivesItsChildren(pool, cache);
        EveryEntryIsABlock(pool, cache);
    }

    private static void CountOwner(Sequence sequence, int[] owners)
    {
        var own = new HashSet<int>();
        foreach (int block in sequence.BlockTable.Blocks.AsSpan(0, sequence.BlockCount))
        {
            Require(block > 0 && block < owners.Length, $"block {block} is not of the pool");
            Require(own.Add(block), $"sequence {sequence.Arrival} has block {block} twice");
            owners[block]++;
        }
    }

    private static void EveryBlockIsEmptyIdleOrOwned(BlockPool pool, int[] owners)
    {
        var placed = new bool[owners.Length];
        foreach (int block in pool.EmptyBlocks)
        {
            Place(block, placed);
            Require(pool.Cache?.IsPublished(block) != true, $"block {block} is empty and can be found");
        }

        for (int block = pool.IdleBlocks.Oldest; block != 0; block = pool.IdleBlocks.After(block))
        {
            Place(block, placed);
            Require(pool.Cache!.IsPublished(block), $"block {block} is kept and cannot be found");
        }

        for (int block = 1; block < owners.Length; block++)
        {
            Require(
                pool.OwnersOf(block) == owners[block],
                $"block {block} has {owners[block]} owners and counts {pool.OwnersOf(block)}");
            Require(placed[block] == (owners[block] == 0), $"block {block} is lost, or free and owned");
            Require(owners[block] <= 1 || pool.Cache!.IsPublished(block), $"block {block} is shared and not published");
        }
    }

    private static void Place(int block, bool[] placed)
    {
        Require(block > 0 && block < placed.Length, $"block {block} is not of the pool");
        Require(!placed[block], $"block {block} is in two places");
        placed[block] = true;
    }

    /// <summary>A child without its parent could never be found again.</summary>
    private static void EveryParentOutlivesItsChildren(BlockPool pool, PrefixCache cache)
    {
        var forgottenAt = new int[pool.Capacity + 1];
        var blockOf = new Dictionary<PrefixId, int>();
        int order = 0;
        for (int block = pool.IdleBlocks.Oldest; block != 0; block = pool.IdleBlocks.After(block))
            forgottenAt[block] = ++order;
        for (int block = 1; block <= pool.Capacity; block++)
        {
            if (cache.IsPublished(block))
                Require(blockOf.TryAdd(cache.IdOf(block), block), $"block {block} holds the same prefix as another");
        }

        for (int block = 1; block <= pool.Capacity; block++)
        {
            if (!cache.IsPublished(block) || cache.ParentOf(block) == PrefixId.Empty)
                continue;
            Require(
                blockOf.TryGetValue(cache.ParentOf(block), out int parent),
                $"block {block} is published and its parent is not");
            Require(
                pool.OwnersOf(parent) >= pool.OwnersOf(block),
                $"block {block} has an owner that its parent {parent} has not");
            Require(
                forgottenAt[parent] == 0 || forgottenAt[parent] > forgottenAt[block],
                $"parent {parent} would be forgotten before block {block}");
        }
    }

    private static void EveryEntryIsABlock(BlockPool pool, PrefixCache cache)
    {
        int published = 0;
        for (int block = 1; block <= pool.Capacity; block++)
            published += cache.IsPublished(block) ? 1 : 0;
        Require(published == cache.Count, $"{published} blocks are published and {cache.Count} can be found");
    }

    private static void Require(
        bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref Invariant.Otherwise otherwise) =>
        Invariant.Require(holds, "block pool", ref otherwise);
}
