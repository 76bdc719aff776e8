using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Suites;

/// <summary>Exchange between ranks: right sums in rank order, joined columns, and no hang when a rank fails.</summary>
public abstract class CollectivesSuite(Tenant tenant) : ConformanceSuite(tenant)
{
    private const int Rounds = 50;

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(4)]
    public void Sums_are_equal_on_every_rank_and_taken_in_rank_order(int ranks)
    {
        var results = new float[ranks][];
        OnEveryRank(ranks, (accelerator, rank) =>
        {
            Tensor values = accelerator.Ops.Arena.Take(ElementType.F32, 1000);
            for (int round = 0; round < Rounds; round++)
            {
                Upload(accelerator, Addends(rank), values);
                accelerator.Collectives.AllReduceSum(values);
            }

            results[rank] = Download(accelerator, values);
        });
        var expected = new float[1000];
        for (int rank = 0; rank < ranks; rank++)
            expected = [.. expected.Zip(Addends(rank), (sum, addend) => rank == 0 ? addend : sum + addend)];
        foreach (float[] result in results)
            CollectionAssert.AreEqual(expected, result);
    }

    [TestMethod]
    [DataRow(2)]
    [DataRow(4)]
    public void Columns_are_joined_in_rank_order(int ranks)
    {
        var results = new float[ranks][];
        OnEveryRank(ranks, (accelerator, rank) =>
        {
            Tensor local = accelerator.Ops.Arena.Take(ElementType.F32, 3, 2), all = accelerator.Ops.Arena.Take(ElementType.F32, 3, 2 * ranks);
            Upload(accelerator, [.. Enumerable.Range(0, 6).Select(i => (100f * (i / 2)) + (2 * rank) + (i % 2))], local);
            accelerator.Collectives.AllGatherColumns(local, all);
            results[rank] = Download(accelerator, all);
        });
        float[] expected = [.. Enumerable.Range(0, 6 * ranks).Select(i => (100f * (i / (2 * ranks))) + (i % (2 * ranks)))];
        foreach (float[] result in results)
            CollectionAssert.AreEqual(expected, result);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public void A_failed_rank_wakes_its_waiting_peers_with_its_reason()
    {
        var failures = new List<Exception>();
        OnEveryRank(3, (accelerator, rank) =>
        {
            if (rank == 1)
            {
                accelerator.Collectives.Abort("rank 1 lost its device");
                return;
            }

            try
            {
                accelerator.Collectives.Barrier();
            }
            catch (AcceleratorException e)
            {
                lock (failures)
                    failures.Add(e);
            }
        }, ranksMayDiffer: true);
        Assert.HasCount(2, failures);
        Assert.IsTrue(failures.TrueForAll(f => f.Message.Contains("rank 1 lost its device", StringComparison.Ordinal)));
    }

    private void OnEveryRank(int ranks, Action<IAccelerator, int> run, bool ranksMayDiffer = false)
    {
        using IAccelerator probe = OpenOne(1 << 20);
        int open = ranks == 3 ? 4 : ranks;
        if (!probe.Capabilities.RankCounts.Contains(open))
            Assert.Inconclusive($"not run: the backend does not drive {open} ranks in one process");
        IReadOnlyList<IAccelerator> group = Tenant.Open(open, 1 << 20);
        var failures = new Exception?[ranks];
        Thread[] threads = [.. Enumerable.Range(0, ranks).Select(r => new Thread(() =>
        {
            try
            {
                run(group[r], r);
            }
            catch (Exception e)
            {
                failures[r] = e;
                group[r].Collectives.Abort(e.Message);
            }
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        foreach (IAccelerator accelerator in group)
            accelerator.Dispose();
        Assert.IsTrue(ranksMayDiffer || Array.TrueForAll(failures, f => f is null), failures.FirstOrDefault(f => f is not null)?.ToString());
    }

    /// <summary>Values whose sum depends on the order of addition.</summary>
    private static float[] Addends(int rank)
    {
        var random = new Random(rank + 1);
        return [.. Enumerable.Range(0, 1000).Select(_ => (random.NextSingle() - 0.5f) * MathF.Pow(10, random.Next(-3, 4)))];
    }

    private static void Upload(IAccelerator accelerator, float[] values, Tensor into) =>
        accelerator.Memory.Upload(MemoryMarshal.AsBytes(values.AsSpan()), into);

    private static float[] Download(IAccelerator accelerator, Tensor from)
    {
        var values = new float[from.Count];
        accelerator.Memory.Download(from, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
