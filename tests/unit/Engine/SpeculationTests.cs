using System.Text.RegularExpressions;
using Glm5.Core;
using Glm5.Core.Scheduling;

namespace Glm5.Tests.Unit.Engine;

/// <summary>Drafts, right and wrong ones, on a model that shows every wrong row.</summary>
[TestClass]
public sealed class SpeculationTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    [DataRow(7)]
    public void Right_drafts_gain_a_token_each_and_change_none(int drafts)
    {
        using var bench = new EngineBench(drafts: drafts);
        bench.Runner.PercentRight = 100;
        GenerationRequest request = EngineBench.Request(1, promptLength: 9, maxTokens: 1 + (4 * (1 + drafts)));
        GenerationStream stream = bench.Submit(request);
        Assert.AreEqual(1 + 4, bench.RunToEnd());
        CollectionAssert.AreEqual(bench.Expected(request), EngineBench.Read(stream));
        Assert.AreEqual((4 * drafts, 4 * drafts), (bench.Engine.Status.DraftedTokens, bench.Engine.Status.AcceptedTokens));
    }

    [TestMethod]
    public void Wrong_drafts_gain_nothing_and_change_no_token()
    {
        using var bench = new EngineBench(drafts: 3);
        bench.Runner.PercentRight = 0;
        GenerationRequest request = EngineBench.Request(1, promptLength: 9, maxTokens: 30);
        GenerationStream stream = bench.Submit(request);
        Assert.AreEqual(30, bench.RunToEnd());
        CollectionAssert.AreEqual(bench.Expected(request), EngineBench.Read(stream));
        Assert.AreEqual(0, bench.Engine.Status.AcceptedTokens);
    }

    [TestMethod]
    public void Nothing_is_drafted_that_the_answer_cannot_have()
    {
        using var bench = new EngineBench(drafts: 3, context: 20);
        bench.Runner.PercentRight = 100;
        GenerationRequest request = EngineBench.Request(1, promptLength: 14, maxTokens: 6);
        GenerationStream stream = bench.Submit(request);
        bench.RunToEnd();
        CollectionAssert.AreEqual(bench.Expected(request), EngineBench.Read(stream));
        // One token from the prompt, four from a step of three drafts, and the last needs none.
        Assert.AreEqual((3, 3), (bench.Engine.Status.DraftedTokens, bench.Engine.Status.AcceptedTokens));
        Assert.AreEqual(FinishReason.Length, stream.Finish);
    }

    [TestMethod]
    public void An_answer_ends_at_its_stop_id_whatever_was_accepted_behind_it()
    {
        using var bench = new EngineBench(drafts: 5);
        bench.Runner.PercentRight = 100;
        GenerationRequest free = EngineBench.Request(3, 5, 40);
        GenerationRequest request = free with { StopIds = [bench.Expected(free)[8]] };
        GenerationStream stream = bench.Submit(request);
        bench.RunToEnd();
        CollectionAssert.AreEqual(bench.Expected(request), EngineBench.Read(stream));
        Assert.AreEqual(FinishReason.Stop, stream.Finish);
        Assert.AreEqual(0, bench.Engine.Status.BlocksInUse);
    }

    [TestMethod]
    public void Preempted_sequences_give_the_same_tokens_with_drafts()
    {
        using var bench = new EngineBench(blocks: 27, drafts: 3);
        GenerationRequest[] requests = [.. Enumerable.Range(0, 12).Select(i => EngineBench.Request(i, 8, 60))];
        GenerationStream[] streams = [.. requests.Select(bench.Submit)];
        bench.RunToEnd();
        for (int i = 0; i < requests.Length; i++)
            CollectionAssert.AreEqual(bench.Expected(requests[i]), EngineBench.Read(streams[i]), $"request {i}");
        Assert.IsGreaterThan(5, bench.Engine.Status.Preemptions);
        Assert.IsGreaterThan(100, bench.Engine.Status.AcceptedTokens);
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    public void Answers_with_a_form_are_the_same_with_drafts_and_preemption_greedy_or_sampled(float temperature)
    {
        using var bench = new EngineBench(blocks: 27, drafts: 3);
        GenerationRequest[] requests =
        [
            .. Enumerable.Range(0, 12).Select(i => FakeForm.Hold(EngineBench.Request(i, 8, 60), i) with
            {
                Sampling = new SamplingParameters { Temperature = temperature, Seed = i },
            }),
        ];
        GenerationStream[] streams = [.. requests.Select(bench.Submit)];
        bench.RunToEnd();
        for (int i = 0; i < requests.Length; i++)
        {
            List<int> answer = EngineBench.Read(streams[i]);
            CollectionAssert.AreEqual(bench.Expected(requests[i]), answer, $"request {i}");
            Assert.AreEqual(FinishReason.Stop, streams[i].Finish);
            int bound = requests[i].Thinking is { } thinking ? answer.IndexOf(FakeForm.Close) : -1;
            Assert.IsLessThanOrEqualTo(requests[i].Thinking?.Tokens ?? -1, bound);
            Assert.MatchesRegex(new Regex("^([a-f]{1,3}x|(gh)+y){4,12}z$"), FakeForm.Text(answer[(bound + 1)..]));
        }

        Assert.IsGreaterThan(3, bench.Engine.Status.Preemptions);
        Assert.IsGreaterThan(0, bench.Engine.Status.DraftedTokens);
    }

    [TestMethod]
    public void Drafts_leave_half_of_a_steps_spare_tokens_to_prompts()
    {
        using var bench = new EngineBench(blocks: 400, maxTokens: 16, drafts: 7);
        bench.Submit(EngineBench.Request(1, 2, 90));
        bench.Engine.Turn();
        bench.Engine.Turn();
        GenerationStream stream = bench.Submit(EngineBench.Request(2, 61, 1));
        int turns = 0;
        for (; stream.Finish is null; turns++)
            bench.Engine.Turn();
        Assert.IsLessThan(12, turns);
        SchedulerInvariants.Check(bench.Engine.Scheduler);
    }

    [TestMethod]
    public void A_block_is_found_only_before_the_token_that_its_draft_row_was_computed_from()
    {
        using var bench = new EngineBench(blockSlots: 4, drafts: 2);
        GenerationRequest request = EngineBench.Request(1, promptLength: 17, maxTokens: 6);
        Run(bench, request);
        Assert.AreEqual(16, Run(bench, request));
        GenerationRequest parted = request with { Prompt = request.Prompt.SetItem(12, (request.Prompt[12] + 1) % 50) };
        Assert.AreEqual(8, Run(bench, parted), "the third block's last draft row read the token that is another one now");
    }

    private static int Run(EngineBench bench, GenerationRequest request)
    {
        GenerationStream stream = bench.Submit(request);
        bench.RunToEnd();
        CollectionAssert.AreEqual(bench.Expected(request), EngineBench.Read(stream));
        return stream.CachedTokens;
    }
}
