using System.Collections.Immutable;
using Glm5.Core;
using Glm5.Core.Scheduling;

namespace Glm5.Tests.Unit.Engine;

/// <summary>Prompts that begin alike, on a model that shows every wrong row in every token that follows.</summary>
[TestClass]
public sealed class PrefixCachingTests
{
    [TestMethod]
    public void Answers_to_the_same_prompt_compute_it_once_though_they_arrive_together()
    {
        using var bench = new EngineBench(maxTokens: 16);
        GenerationRequest request = EngineBench.Request(1, promptLength: 41, maxTokens: 5);
        GenerationStream first = bench.Submit(request);
        GenerationStream[] others =
        [
            .. Enumerable.Range(0, 3).Select(_ => bench.Submit(request with { SharesPromptWith = first })),
        ];
        bench.RunToEnd();
        foreach (GenerationStream stream in (GenerationStream[])[first, .. others])
            CollectionAssert.AreEqual(bench.Expected(request), EngineBench.Read(stream));
        foreach (GenerationStream other in others)
            Assert.AreEqual(40, other.CachedTokens);
    }

    [TestMethod]
    public void Answers_go_on_without_the_one_whose_prompt_they_share()
    {
        using var bench = new EngineBench(maxTokens: 16);
        GenerationRequest request = EngineBench.Request(1, promptLength: 41, maxTokens: 5);
        GenerationStream first = bench.Submit(request), other = bench.Submit(request with { SharesPromptWith = first });
        bench.Engine.Turn();
        first.Cancel();
        bench.RunToEnd();
        CollectionAssert.AreEqual(bench.Expected(request), EngineBench.Read(other));
    }

    [TestMethod]
    public void An_equal_prompt_computes_only_behind_its_full_blocks()
    {
        using var bench = new EngineBench(blockSlots: 4);
        GenerationRequest request = EngineBench.Request(1, promptLength: 23, maxTokens: 3);
        Assert.AreEqual(0, Run(bench, request));
        Assert.AreEqual(20, Run(bench, request));
        Assert.AreEqual(23 + 3, bench.Engine.Status.PromptTokens);
        Assert.AreEqual((46, 20), (bench.Engine.Status.QueriedTokens, bench.Engine.Status.CachedTokens));
    }

    [TestMethod]
    public void The_last_token_of_a_prompt_is_always_computed()
    {
        using var bench = new EngineBench(blockSlots: 4);
        GenerationRequest request = EngineBench.Request(1, promptLength: 8, maxTokens: 3);
        Run(bench, request);
        Assert.AreEqual(4, Run(bench, request));
    }

    [TestMethod]
    public void The_next_turn_of_a_conversation_finds_prompt_and_answer()
    {
        using var bench = new EngineBench(blockSlots: 4);
        GenerationRequest first = EngineBench.Request(1, promptLength: 10, maxTokens: 15);
        Run(bench, first);
        GenerationRequest second = first with { Prompt = [.. first.Prompt, .. bench.Expected(first), 3, 1, 4] };
        // 25 tokens were known of the first turn, and all but the last were computed.
        Assert.AreEqual(24, Run(bench, second));
        GenerationRequest third = second with { Prompt = [.. second.Prompt, .. bench.Expected(second), 1, 5] };
        Assert.AreEqual(40, Run(bench, third));
    }

    [TestMethod]
    public void Prompts_that_part_within_a_block_share_the_blocks_before_it()
    {
        using var bench = new EngineBench(blockSlots: 4);
        GenerationRequest request = EngineBench.Request(1, promptLength: 30, maxTokens: 3);
        Run(bench, request);
        ImmutableArray<int> parted = request.Prompt.SetItem(13, (request.Prompt[13] + 1) % 50);
        Assert.AreEqual(12, Run(bench, request with { Prompt = parted }));
    }

    [TestMethod]
    public void Salts_share_nothing_with_each_other()
    {
        using var bench = new EngineBench();
        GenerationRequest open = EngineBench.Request(1, 20, 3), mine = open with { CacheSalt = "mine" };
        Run(bench, open);
        Assert.AreEqual(0, Run(bench, mine));
        Assert.AreEqual(16, Run(bench, mine));
        Assert.AreEqual(0, Run(bench, open with { CacheSalt = "yours" }));
        Assert.AreEqual(16, Run(bench, open));
    }

    [TestMethod]
    public void Without_caching_nothing_is_kept()
    {
        using var bench = new EngineBench(prefixCaching: false);
        GenerationRequest request = EngineBench.Request(1, 20, 3);
        Run(bench, request);
        Assert.AreEqual(0, Run(bench, request));
        Assert.AreEqual((0, 0), (bench.Engine.Status.QueriedTokens, bench.Engine.Status.BlocksCached));
    }

    [TestMethod]
    public void Equal_prompts_that_run_together_end_up_with_one_copy()
    {
        using var bench = new EngineBench(blockSlots: 4, maxTokens: 64);
        GenerationRequest request = EngineBench.Request(1, promptLength: 13, maxTokens: 40);
        GenerationStream[] streams = [.. Enumerable.Range(0, 4).Select(_ => bench.Submit(request))];
        bench.Engine.Turn();
        // Three full blocks are common, the fourth is each one's own, and each reserves no other yet.
        Assert.AreEqual(3 + 4, bench.Engine.Status.BlocksInUse);
        SchedulerInvariants.Check(bench.Engine.Scheduler);
        bench.RunToEnd();
        foreach (GenerationStream stream in streams)
            CollectionAssert.AreEqual(bench.Expected(request), EngineBench.Read(stream));
    }

    [TestMethod]
    public void Preempted_sequences_find_their_own_blocks_again()
    {
        using EngineBench kept = new(blocks: 27), computed = new(blocks: 27, prefixCaching: false);
        foreach (EngineBench bench in new[] { kept, computed })
        {
            GenerationRequest[] requests = [.. Enumerable.Range(0, 12).Select(i => EngineBench.Request(i, 8, 60))];
            GenerationStream[] streams = [.. requests.Select(bench.Submit)];
            bench.RunToEnd();
            for (int i = 0; i < requests.Length; i++)
                CollectionAssert.AreEqual(bench.Expected(requests[i]), EngineBench.Read(streams[i]), $"request {i}");
            Assert.IsGreaterThan(5, bench.Engine.Status.Preemptions);
        }

        Assert.IsLessThan(computed.Engine.Status.PromptTokens, kept.Engine.Status.PromptTokens);
        Assert.AreEqual(0, kept.Engine.Status.CachedTokens, "what a sequence finds of itself is no hit");
    }

    [TestMethod]
    public void Prefixes_unused_for_longest_make_room_and_empty_blocks_go_first()
    {
        using var bench = new EngineBench(blocks: 31, blockSlots: 4);
        GenerationRequest old = Turned(1), recent = Turned(2);
        Run(bench, old);
        Run(bench, recent);
        Assert.AreEqual(10, bench.Engine.Status.BlocksCached);
        Run(bench, Turned(3));
        Assert.AreEqual(15, bench.Engine.Status.BlocksCached);
        // Old is used once more; then the fifteen empty blocks, those of recent, and one of the third are taken.
        Assert.AreEqual(20, Run(bench, old));
        for (int i = 4; i < 8; i++)
            Run(bench, Turned(i) with { MaxTokens = 1 });
        Assert.AreEqual(20, Run(bench, old));
        Assert.AreEqual(0, Run(bench, recent));

        static GenerationRequest Turned(int i) => EngineBench.Request(0, 21, 3) with
        {
            Prompt = [i, .. EngineBench.Request(0, 20, 3).Prompt],
        };
    }

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
