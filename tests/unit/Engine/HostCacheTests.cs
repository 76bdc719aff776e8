using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Kv;
using Glm5.Core.Scheduling;

namespace Glm5.Tests.Unit.Engine;

/// <summary>Prefixes that outlive the device's blocks on the host, on a model that shows every wrong row.</summary>
[TestClass]
public sealed class HostCacheTests
{
    [TestMethod]
    [DataRow(0)]
    [DataRow(3)]
    public void A_prefix_that_the_device_has_lost_comes_back_from_the_host(int drafts)
    {
        using var bench = new EngineBench(blocks: 26, blockSlots: 4, drafts: drafts, hostCache: new HostCacheSize(60, 30));
        GenerationRequest first = Prompt(0, 41);
        Assert.AreEqual(0, Run(bench, first));
        for (int other = 1; other < 4; other++)
            Run(bench, Prompt(other, 90));
        Assert.AreEqual(0, bench.Engine.Status.RecalledTokens);
        Assert.AreEqual(40, Run(bench, first));
        Assert.AreEqual(40, bench.Engine.Status.RecalledTokens);
        Assert.AreEqual(10, bench.Engine.Status.HostCache.Recalled);
        Assert.AreEqual(0, bench.Engine.Status.HostCache.Lost);
        Assert.AreEqual(40, Run(bench, first), "now the device has it again");
        Assert.AreEqual((80, 40), (bench.Engine.Status.CachedTokens, bench.Engine.Status.RecalledTokens));
    }

    [TestMethod]
    public void What_is_used_least_recently_is_forgotten_first_and_from_its_end()
    {
        using var bench = new EngineBench(blocks: 26, blockSlots: 4, hostCache: new HostCacheSize(30, 30));
        Run(bench, Prompt(0, 41));
        Run(bench, Prompt(1, 89));
        Run(bench, Prompt(2, 2));
        // Eleven blocks and twenty-three on thirty places: four are gone from the end of the first prompt's.
        Assert.AreEqual(28, Run(bench, Prompt(0, 41)));
        Assert.AreEqual(30, bench.Engine.Status.HostCache.Used);
    }

    [TestMethod]
    public void A_copy_is_made_once_however_often_its_block_goes_idle()
    {
        using var bench = new EngineBench(blockSlots: 4, hostCache: new HostCacheSize(60, 30));
        for (int i = 0; i < 5; i++)
            Run(bench, Prompt(0, 41));
        Run(bench, Prompt(1, 2));
        Assert.AreEqual(11, bench.Engine.Status.HostCache.Kept);
    }

    [TestMethod]
    public void Nothing_that_runs_waits_for_more_than_a_steps_moves()
    {
        using var bench = new EngineBench(
            blocks: 61, blockSlots: 4, context: 200, maxTokens: 40, hostCache: new HostCacheSize(200, 3));
        GenerationRequest longOne = Prompt(0, 101) with { MaxTokens = 2 };
        Run(bench, longOne);
        // Steps of three copies each, until every block of the long prompt has one.
        Run(bench, Prompt(1, 2) with { MaxTokens = 20 });
        for (int other = 2; other < 5; other++)
            Run(bench, Prompt(other, 190) with { MaxTokens = 9 });

        int most = 0, steps = 0;
        GenerationStream decoding = bench.Submit(Prompt(9, 3) with { MaxTokens = 60 });
        bench.Engine.Turn();
        bench.Engine.Turn();
        bench.Runner.Begun = () => most = Math.Max(most, Recalls(bench.Runner.Moves));
        GenerationStream waiting = bench.Submit(longOne);
        for (; waiting.Finish is null; steps++)
            bench.Engine.Turn();
        Assert.AreEqual(3, most);
        Assert.AreEqual(100, waiting.CachedTokens);
        Assert.IsGreaterThan(8, steps);
        Assert.IsLessThan(14, steps);
        bench.RunToEnd();
        CollectionAssert.AreEqual(bench.Expected(longOne), EngineBench.Read(waiting));
        Assert.HasCount(60, EngineBench.Read(decoding));
    }

    [TestMethod]
    public void A_request_that_holds_up_nobody_gets_all_its_blocks_at_once()
    {
        using var bench = new EngineBench(blocks: 31, blockSlots: 4, hostCache: new HostCacheSize(200, 3));
        Run(bench, Prompt(0, 81));
        Run(bench, Prompt(1, 2) with { MaxTokens = 20 });
        Run(bench, Prompt(2, 90));
        Run(bench, Prompt(3, 90));
        int most = 0;
        bench.Runner.Begun = () => most = Math.Max(most, Recalls(bench.Runner.Moves));
        Assert.AreEqual(80, Run(bench, Prompt(0, 81)));
        Assert.AreEqual(20, most);
    }

    [TestMethod]
    public void Salts_share_no_copies()
    {
        using var bench = new EngineBench(blocks: 26, blockSlots: 4, hostCache: new HostCacheSize(60, 30));
        GenerationRequest mine = Prompt(0, 41) with { CacheSalt = "mine" };
        Run(bench, mine);
        Run(bench, Prompt(1, 90));
        Run(bench, Prompt(2, 90));
        Assert.AreEqual(0, Run(bench, mine with { CacheSalt = "yours" }));
        Assert.AreEqual(40, Run(bench, mine));
    }

    [TestMethod]
    public void Blocks_that_are_taken_before_they_are_copied_count_as_lost()
    {
        using var bench = new EngineBench(blocks: 26, blockSlots: 4, hostCache: new HostCacheSize(60, 1));
        Run(bench, Prompt(0, 41) with { MaxTokens = 1 });
        Run(bench, Prompt(1, 95) with { MaxTokens = 1 });
        Assert.IsGreaterThan(5, bench.Engine.Status.HostCache.Lost);
        Assert.AreEqual(4, Run(bench, Prompt(0, 41)), "one block was never taken");
    }

    private static int Recalls(ReadOnlySpan<BlockMove> moves)
    {
        int count = 0;
        foreach (BlockMove move in moves)
            count += move.Kind == BlockMoveKind.Recall ? 1 : 0;
        return count;
    }

    /// <summary>A prompt that shares no block with those of other kinds.</summary>
    private static GenerationRequest Prompt(int kind, int length) => EngineBench.Request(kind, length, 5) with
    {
        Prompt = [kind, .. EngineBench.Request(kind, length - 1, 5).Prompt],
    };

    /// <summary>Runs a request alone and returns how many tokens it found.</summary>
    private static int Run(EngineBench bench, GenerationRequest request)
    {
        GenerationStream stream = bench.Submit(request);
        bench.RunToEnd();
        SchedulerInvariants.Check(bench.Engine.Scheduler);
        CollectionAssert.AreEqual(bench.Expected(request), EngineBench.Read(stream));
        return stream.CachedTokens;
    }
}
