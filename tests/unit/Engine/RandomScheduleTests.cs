using CsCheck;
using Glm5.Core;
using Glm5.Core.Kv;
using Glm5.Core.Scheduling;

namespace Glm5.Tests.Unit.Engine;

/// <summary>Arrivals, cancellations, stops and preemptions in any order, on engines of any size.</summary>
[TestClass]
public sealed class RandomScheduleTests
{
    private static readonly Gen<HostCacheSize> s_hostCache =
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 6], (blocks, moves) => new HostCacheSize(blocks, moves));

    private static readonly Gen<House> s_house =
        from blockSlots in Gen.Int[1, 8]
        from context in Gen.Int[4, 80]
        from spare in Gen.Int[0, 40]
        from maxTokens in Gen.Int[1, 40]
        from maxSequences in Gen.Int[1, 10]
        from prefixCaching in Gen.Frequency((4, Gen.Const(true)), (1, Gen.Const(false)))
        from drafts in Gen.Frequency((1, Gen.Const(0)), (2, Gen.Int[1, 7]))
        from looksUp in Gen.Frequency((2, Gen.Const(false)), (1, Gen.Const(true)))
        from hostCache in Gen.Frequency((1, Gen.Const(default(HostCacheSize))), (3, s_hostCache))
        select new House(
            ((context + blockSlots - 1) / blockSlots) + 1 + spare, blockSlots, context, maxTokens, maxSequences, prefixCaching,
            drafts, looksUp, hostCache);

    private static readonly Gen<Event> s_event = Gen.Frequency(
        (4, Gen.Select(
            Gen.Int[0, 1000], Gen.Int[1, 60], Gen.Int[1, 60], (seed, prompt, most) => (Event)new Arrive(seed, prompt, most))),
        (4, Gen.Select(Gen.Int[0, 1000], Gen.Int[0, 60], Gen.Int[0, 20], Gen.Int[0, 2], (which, kept, added, salt) =>
            (Event)new GoOn(which, kept, added, salt))),
        (1, Gen.Int[0, 1000].Select(which => (Event)new Cancel(which))),
        (6, Gen.Int[1, 6].Select(turns => (Event)new Turns(turns))));

    [TestMethod]
    public void Any_schedule_gives_each_request_the_tokens_it_has_alone()
    {
        long cached = 0, recalled = 0, accepted = 0, lookedUp = 0;
        Gen.Select(s_house, s_event.Array[1, 40]).Sample(
            (house, events) =>
            {
                EngineStatus status = Play(house, events);
                cached += status.CachedTokens;
                recalled += status.RecalledTokens;
                (house.LooksUp ? ref lookedUp : ref accepted) += status.AcceptedTokens;
            }, seed: "0000KX1wVL3e", iter: Soak.Times(800), threads: 1);
        Assert.IsGreaterThan(1000, cached, "too few prompts begin like an earlier one");
        Assert.IsGreaterThan(1000, recalled, "too few blocks come back from the host");
        Assert.IsGreaterThan(4000, accepted, "too few drafts are accepted");
        Assert.IsGreaterThan(1000, lookedUp, "too few drafts from prompt lookup are accepted");
    }

    private static EngineStatus Play(House house, Event[] events)
    {
        using var bench = new EngineBench(
            house.Blocks, house.BlockSlots, house.Context, house.MaxTokens, house.MaxSequences, maxWaiting: 1000,
            house.PrefixCaching, house.Drafts, hostCache: house.HostCache,
            looksUp: house.LooksUp);
        var answers = new List<Answer>();
        foreach (Event happening in events)
        {
            switch (happening)
            {
                case Arrive arrive:
                    GenerationRequest request = arrive.Request(house.Context);
                    answers.Add(new Answer(request, bench.Submit(request)));
                    break;
                case GoOn turn when answers.Count > 0:
                    GenerationRequest next = answers[turn.Which % answers.Count].GoOn(turn, bench);
                    answers.Add(new Answer(next, bench.Submit(next)));
                    break;
                case Cancel cancel when answers.Count > 0:
                    answers[cancel.Which % answers.Count].Cancel();
                    break;
                case Turns turns:
                    for (int i = 0; i < turns.Count; i++)
                        TurnAndCheck(bench, house);
                    break;
            }
        }

        while (TurnAndCheck(bench, house))
            Assert.IsLessThan(200_000, bench.Runner.Steps, "the engine does not come to rest");
        foreach (Answer answer in answers)
            answer.Check(bench);
        Assert.AreEqual(0, bench.Engine.Status.BlocksInUse);
        Assert.AreEqual(0, bench.Engine.Status.Waiting);
        if (!house.PrefixCaching)
            Assert.AreEqual((0, 0), (bench.Engine.Status.QueriedTokens, bench.Engine.Status.BlocksCached));
        return bench.Engine.Status;
    }

    private static bool TurnAndCheck(EngineBench bench, House house)
    {
        bool ran = bench.Engine.Turn();
        SchedulerInvariants.Check(bench.Engine.Scheduler);
        Assert.IsLessThanOrEqualTo(Math.Min(house.MaxTokens, house.MaxSequences), bench.Engine.Scheduler.Running.Length);
        if (ran)
            Assert.IsLessThanOrEqualTo(house.MaxTokens, bench.Runner.Tokens);
        return ran;
    }

    private sealed record House(
        int Blocks, int BlockSlots, int Context, int MaxTokens, int MaxSequences, bool PrefixCaching, int Drafts,
        bool LooksUp, HostCacheSize HostCache);

    private abstract record Event;

    private sealed record Arrive(int Seed, int Prompt, int Most) : Event
    {
        public GenerationRequest Request(int context)
        {
            int prompt = Math.Min(Prompt, context - 1);
            GenerationRequest request = EngineBench.Request(Seed, prompt, Math.Min(Most, context - prompt)) with
            {
                StopIds = Seed % 3 == 0 ? [Seed % 50] : [],
                Sampling = new SamplingParameters
                {
                    Temperature = Seed % 2,
                    Seed = Seed,
                    FrequencyPenalty = Seed % 5 == 0 ? 0.5f : 0,
                    TopK = Seed % 7 == 0 ? 5 : 0,
                },
            };
            if (Seed % 4 == 1)
                request = request with { PromptLogProbs = Seed % 3 };
            return Seed % 5 == 2 ? FakeForm.Hold(request, Seed) : request;
        }
    }

    /// <summary>A prompt that begins with some of another's tokens, its answer included.</summary>
    private sealed record GoOn(int Which, int Kept, int Added, int Salt) : Event;

    private sealed record Cancel(int Which) : Event;

    private sealed record Turns(int Count) : Event;

    private sealed class Answer(GenerationRequest request, GenerationStream stream)
    {
        private bool _cancelled;

        public void Cancel()
        {
            _cancelled = true;
            stream.Cancel();
        }

        public GenerationRequest GoOn(GoOn turn, EngineBench bench)
        {
            IEnumerable<int> added = Enumerable.Range(turn.Which, turn.Added).Select(i => i % 50);
            IEnumerable<int> kept = request.Prompt.Concat(bench.Expected(request)).Take(turn.Kept);
            int[] prompt = [.. kept.Concat(added).Append(turn.Salt).Take(bench.Context - 1)];
            return request with
            {
                Prompt = [.. prompt],
                MaxTokens = Math.Min(20, bench.Context - prompt.Length),
                CacheSalt = turn.Salt == 0 ? null : $"{turn.Salt}",
            };
        }

        public void Check(EngineBench bench)
        {
            List<int> expected = bench.Expected(request);
            List<int> got = EngineBench.Read(stream);
            if (stream.Finish == FinishReason.Cancelled)
            {
                Assert.IsTrue(_cancelled);
                CollectionAssert.AreEqual(expected[..got.Count], got);
                return;
            }

            CollectionAssert.AreEqual(expected, got);
            FakeStepRunner.CheckScores(request, stream.PromptScores, bench.Runner.Repeats);
            Assert.AreEqual(request.StopIds.Contains(got[^1]) ? FinishReason.Stop : FinishReason.Length, stream.Finish);
        }
    }
}
