using Glm5.Core.Accelerator;

namespace Glm5.Tests.Unit.Cpu;

[TestClass]
public sealed class CollectivesTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(4)]
    public void Sums_are_taken_in_rank_order_on_every_rank(int size)
    {
        // Not associative in F32: 1e8 + 1 loses the 1, so another order gives another sum.
        float[][] parts = [[1e8f, 1], [1, 2], [-1e8f, 3], [1, 4]];
        float[] expected = [.. parts[0]];
        for (int r = 1; r < size; r++)
            expected = [expected[0] + parts[r][0], expected[1] + parts[r][1]];

        using var ranks = new CpuRanks(size);
        ranks.Run(rank =>
        {
            Tensor values = CpuRanks.Floats(rank, 1, parts[rank.Collectives.Rank]);
            rank.Collectives.AllReduceSum(values);
            CollectionAssert.AreEqual(expected, CpuRanks.Read(rank, values));
        });
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(4)]
    public void Columns_are_joined_rank_0_first(int size)
    {
        float[] expected = new float[2 * 3 * size];
        for (int i = 0; i < expected.Length; i++)
            expected[i] = i;

        using var ranks = new CpuRanks(size);
        ranks.Run(rank =>
        {
            // Each rank shows a stretch of columns of the whole: strided, as a slice of a wider tensor is.
            Tensor local = CpuRanks.Floats(rank, 2, expected).Columns(3 * rank.Collectives.Rank, 3);
            Tensor into = rank.Ops.Arena.Take(ElementType.F32, 2, 3 * size);
            rank.Collectives.AllGatherColumns(local, into);
            CollectionAssert.AreEqual(expected, CpuRanks.Read(rank, into));
        });
    }

    [TestMethod]
    public void Many_exchanges_in_a_row_do_not_mix()
    {
        using var ranks = new CpuRanks(4);
        ranks.Run(rank =>
        {
            Tensor values = CpuRanks.Floats(rank, 1, new float[5]);
            for (int round = 1; round <= 500; round++)
            {
                rank.Ops.Fill(values, round * (rank.Collectives.Rank + 1));
                rank.Collectives.AllReduceSum(values);
                Assert.AreEqual(10f * round, CpuRanks.Read(rank, values)[4]);
            }
        });
    }

    [TestMethod]
    public void A_rank_that_fails_wakes_the_peers_that_wait()
    {
        using var ranks = new CpuRanks(4);
        string[] reasons = new string[4];
        CpuRanks.Parallel(4, r =>
        {
            Collectives group = ranks.All[r].Collectives;
            if (r == 2)
            {
                // Late, so that the peers are past spinning and truly blocked.
                Thread.Sleep(100);
                group.Abort("its device fell off");
                return;
            }

            reasons[r] = Assert.ThrowsExactly<AcceleratorException>(group.Barrier).Message;
        });
        foreach (int waiting in (int[])[0, 1, 3])
            Assert.Contains("rank 2: its device fell off", reasons[waiting]);
    }

    [TestMethod]
    public void An_aborted_group_stays_aborted_with_its_first_reason()
    {
        using var ranks = new CpuRanks(2);
        ranks.All[0].Collectives.Abort("first");
        ranks.All[1].Collectives.Abort("second");
        AcceleratorException error = Assert.ThrowsExactly<AcceleratorException>(ranks.All[1].Collectives.Barrier);
        Assert.Contains("rank 0: first", error.Message);
    }

    [TestMethod]
    public void Columns_that_do_not_join_to_the_target_are_refused()
    {
        using var ranks = new CpuRanks(2);
        IAccelerator rank = ranks.First;
        Assert.ThrowsExactly<ShapeException>(() => rank.Collectives.AllGatherColumns(
            rank.Ops.Arena.Take(ElementType.F32, 2, 3), rank.Ops.Arena.Take(ElementType.F32, 2, 5)));
    }
}
