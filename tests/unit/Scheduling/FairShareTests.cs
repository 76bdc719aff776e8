using CsCheck;
using Glm5.Core;
using Glm5.Core.Scheduling;
using Glm5.Tests.Unit.Engine;

namespace Glm5.Tests.Unit.Scheduling;

/// <summary>Keys get tokens by their weights, however many requests they send.</summary>
[TestClass]
public sealed class FairShareTests
{
    [TestMethod]
    public void A_flood_of_one_key_holds_another_up_for_one_request_at_most()
    {
        using EngineBench bench = Bench(maxSequences: 1);
        GenerationStream[] flood = [.. Enumerable.Range(0, 50).Select(i => bench.Submit(Of("flood", i)))];
        bench.Engine.Turn();
        GenerationStream other = bench.Submit(Of("other", 99));
        CollectionAssert.AreEqual(new[] { 0, 50, 1 }, bench.OrderOfEnds([.. flood, other]).Take(3).ToArray());
    }

    [TestMethod]
    public void Keys_take_turns_and_those_without_a_key_are_one()
    {
        using EngineBench bench = Bench(maxSequences: 1);
        string?[] keys = ["a", "a", "a", null, null, "b", "b", null];
        GenerationStream[] streams = [.. keys.Select((key, i) => bench.Submit(Of(key, i)))];
        CollectionAssert.AreEqual(new[] { 0, 3, 5, 1, 4, 6, 2, 7 }, bench.OrderOfEnds(streams));
    }

    [TestMethod]
    public void A_key_that_was_away_has_no_claim_to_the_time_that_went_by()
    {
        using EngineBench bench = Bench(maxSequences: 1);
        for (int i = 0; i < 30; i++)
            bench.Submit(Of("steady", i));
        bench.RunToEnd();
        string[] keys = ["new", "new", "new", "new", "steady", "steady"];
        GenerationStream[] streams = [.. keys.Select((key, i) => bench.Submit(Of(key, i)))];
        // The steady one owes for its last request's answer, which nobody knew when it was admitted.
        CollectionAssert.AreEqual(new[] { 0, 1, 4, 2, 5, 3 }, bench.OrderOfEnds(streams));
    }

    [TestMethod]
    public void A_key_that_comes_back_while_others_wait_still_owes_what_it_took()
    {
        using EngineBench bench = Bench(maxSequences: 4);
        GenerationStream[] greedy = [.. Enumerable.Range(0, 3).Select(i => bench.Submit(Of("greedy", i) with { MaxTokens = 60 }))];
        GenerationStream[] modest = [.. Enumerable.Range(0, 60).Select(i => bench.Submit(Of("modest", i)))];
        while (greedy.Any(stream => stream.Finish is null))
            bench.Engine.Turn();
        int before = modest.Count(stream => stream.Finish is not null);
        Assert.IsLessThan(3 * 64, before * 7);
        List<int> order = bench.OrderOfEnds([.. modest, bench.Submit(Of("greedy", 9))]);
        Assert.IsGreaterThanOrEqualTo(3 * 64, order.IndexOf(60) * 7, "the modest one has caught up");
        Assert.IsLessThan(modest.Length, order.IndexOf(60), "and is not preferred for ever");
    }

    [TestMethod]
    public void Tokens_are_shared_by_weight_while_all_wait() =>
        Gen.Select(Gen.Int[1, 6].Array[2, 5], Gen.Int[1, 6], Gen.Int[0, 1000]).Sample(
            (weights, maxSequences, seed) => TokensAreShared(weights, maxSequences, seed),
            iter: Soak.Times(25), threads: 1);

    /// <summary>
    /// Two keys that both wait the whole time differ, by weight, by no more than what the running sequences of either
    /// may still have been charged: the bound of the paper's theorem for one prompt and a full batch.
    /// </summary>
    private static void TokensAreShared(int[] weights, int maxSequences, int seed)
    {
        const int Requests = 60, Prompt = 12, MostTokens = 20;
        using EngineBench bench = Bench(maxSequences);
        List<GenerationStream>[] streams = [.. weights.Select(_ => new List<GenerationStream>())];
        for (int key = 0; key < weights.Length; key++)
        {
            for (int i = 0; i < Requests; i++)
            {
                streams[key].Add(bench.Submit(EngineBench.Request(seed + i, Prompt, 1 + ((seed + (7 * i) + key) % MostTokens)) with
                {
                    ShareKey = $"key {key}",
                    ShareWeight = weights[key],
                }));
            }
        }

        bench.Engine.Turn();
        while (AllWait(bench, weights.Length))
        {
            SchedulerInvariants.Check(bench.Engine.Scheduler, bench.Engine.Groups[0].Prepared);
            bench.Engine.Turn();
        }

        double[] served = [.. streams.Select((of, key) => Served(of, Prompt) / (double)weights[key])];
        double allowed = 2.0 * maxSequences * (Prompt + MostTokens);
        Assert.IsLessThanOrEqualTo(allowed, served.Max() - served.Min(), string.Join(' ', served));
    }

    private static bool AllWait(EngineBench bench, int keys)
    {
        var waiting = new HashSet<string?>();
        foreach (Sequence sequence in bench.Engine.Scheduler.Waiting.All)
            waiting.Add(sequence.ShareKey);
        return waiting.Count == keys;
    }

    private static int Served(List<GenerationStream> streams, int prompt)
    {
        int tokens = 0;
        foreach (GenerationStream stream in streams)
        {
            int answer = EngineBench.Read(stream).Count;
            tokens += answer > 0 ? prompt + answer : 0;
        }

        return tokens;
    }

    private static EngineBench Bench(int maxSequences) => new(
        blocks: 400, maxSequences: maxSequences, maxWaiting: 1000, prefixCaching: false, time: new HandClock());

    private static GenerationRequest Of(string? key, int seed) => EngineBench.Request(seed, 4, 3) with { ShareKey = key };
}
