using Glm5.Backends.CpuReference.Simd;

namespace Glm5.Tests.Unit.Cpu;

[TestClass]
public sealed unsafe class SimdWorkerTeamTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(5)]
    [Timeout(60_000)]
    public void Every_piece_is_done_exactly_once(int threads)
    {
        using var team = new WorkerTeam(threads);
        Assert.AreEqual(threads, team.Threads);
        int* counts = stackalloc int[300];
        for (int pieces = 0; pieces <= 300; pieces = (pieces * 3 / 2) + 1)
        {
            new Span<int>(counts, 300).Clear();
            var work = new Count(counts, threads);
            team.Run(ref work, pieces);
            for (int i = 0; i < 300; i++)
                Assert.AreEqual(i < pieces ? 1 : 0, counts[i], $"piece {i} of {pieces}");
        }
    }

    [TestMethod]
    [Timeout(60_000)]
    public void Short_runs_follow_each_other_on_more_threads_than_cores()
    {
        using var team = new WorkerTeam(Environment.ProcessorCount + 2);
        long sum = 0;
        for (int run = 0; run < 2_000; run++)
        {
            var work = new Sum(&sum);
            team.Run(ref work, 7);
        }

        Assert.AreEqual(2_000L * 21, sum);
    }

    [TestMethod]
    [Timeout(60_000)]
    public void A_team_that_fell_asleep_wakes()
    {
        using var team = new WorkerTeam(3);
        long sum = 0;
        for (int run = 0; run < 5; run++)
        {
            Thread.Sleep(2);
            var work = new Sum(&sum);
            team.Run(ref work, 50);
        }

        Assert.AreEqual(5L * 1225, sum);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    [Timeout(60_000)]
    public void What_a_piece_throws_is_thrown_to_the_caller_and_the_team_goes_on(int threads)
    {
        using var team = new WorkerTeam(threads);
        for (int run = 0; run < 20; run++)
        {
            var failing = new Fail(run);
            string message = "";
            try
            {
                team.Run(ref failing, 20);
            }
            catch (InvalidOperationException e)
            {
                message = e.Message;
            }

            Assert.AreEqual($"piece {run}", message);
            long sum = 0;
            var work = new Sum(&sum);
            team.Run(ref work, 10);
            Assert.AreEqual(45, sum);
        }
    }

    [TestMethod]
    public void A_run_allocates_nothing()
    {
        using var team = new WorkerTeam(2);
        long sum = 0;
        var work = new Sum(&sum);
        team.Run(ref work, 10);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int run = 0; run < 100; run++)
            team.Run(ref work, 10);
        Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [TestMethod]
    public void A_team_without_threads_is_refused() =>
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new WorkerTeam(0));

    private readonly struct Count(int* counts, int threads) : IWork
    {
        private readonly int* _counts = counts;

        public void Run(int piece, int worker)
        {
            if (worker < 0 || worker >= threads)
                throw new InvalidOperationException($"worker {worker} of {threads}");
            Interlocked.Increment(ref _counts[piece]);
        }
    }

    private readonly struct Sum(long* sum) : IWork
    {
        private readonly long* _sum = sum;

        public void Run(int piece, int worker) => Interlocked.Add(ref *_sum, piece);
    }

    private readonly struct Fail(int at) : IWork
    {
        public void Run(int piece, int worker)
        {
            if (piece == at)
                throw new InvalidOperationException($"piece {piece}");
        }
    }
}
