using CsCheck;
using Glm5.Core.Kv;

namespace Glm5.Tests.Unit.Kv;

[TestClass]
public sealed class BlockPoolTests
{
    [TestMethod]
    public void Block_0_is_never_handed_out_and_the_lowest_come_first()
    {
        var pool = new BlockPool(5);
        var blocks = new int[4];
        Assert.IsTrue(pool.TryTake(blocks));
        CollectionAssert.AreEqual(new[] { 1, 2, 3, 4 }, blocks);
        Assert.IsFalse(pool.TryTake(new int[1]));
        Assert.AreEqual((4, 0, 4), (pool.Capacity, pool.Free, pool.InUse));
    }

    [TestMethod]
    public void All_or_nothing_is_taken()
    {
        var pool = new BlockPool(5);
        Assert.IsFalse(pool.TryTake(new int[5]));
        Assert.AreEqual(4, pool.Free);
    }

    [TestMethod]
    public void What_was_returned_last_is_taken_first()
    {
        var pool = new BlockPool(9);
        var first = new int[3];
        var again = new int[3];
        pool.TryTake(first);
        pool.Return(first);
        pool.TryTake(again);
        CollectionAssert.AreEqual(first, again);
    }

    [TestMethod]
    public void Returning_more_than_is_in_use_is_an_error() =>
        Assert.ThrowsExactly<InvalidOperationException>(() => new BlockPool(9).Return([1]));

    [TestMethod]
    public void No_block_has_two_owners_whatever_the_order() =>
        Gen.Select(Gen.Int[2, 40], Gen.Int[-5, 8].Array[1, 100]).Sample((blocks, moves) =>
        {
            var pool = new BlockPool(blocks);
            var owned = new List<int>();
            foreach (int move in moves)
            {
                if (move > 0)
                {
                    var taken = new int[move];
                    if (pool.TryTake(taken))
                        owned.AddRange(taken);
                }
                else
                {
                    int count = Math.Min(-move, owned.Count);
                    pool.Return(owned.GetRange(0, count).ToArray());
                    owned.RemoveRange(0, count);
                }

                Assert.AreEqual(blocks - 1, owned.Concat(pool.EmptyBlocks.ToArray()).Distinct().Count());
                Assert.AreEqual(owned.Count, pool.InUse);
                CollectionAssert.DoesNotContain(owned, 0);
            }
        }, iter: Soak.Times(500), threads: 1);
}
