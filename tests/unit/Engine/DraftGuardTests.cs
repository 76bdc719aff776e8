using Glm5.Core;
using Glm5.Core.Scheduling;

namespace Glm5.Tests.Unit.Engine;

/// <summary>The guard over a clock on which a step costs what the test says.</summary>
[TestClass]
public sealed class DraftGuardTests
{
    /// <summary>Expected tokens of a step whose every draft is accepted with the same probability.</summary>
    private static double Gained(int length, double accepted)
    {
        double gained = 1;
        for (int place = 1; place <= length; place++)
            gained += Math.Pow(accepted, place);
        return gained;
    }

    [TestMethod]
    [DataRow(0.9, 0.01, 7, 7)]
    [DataRow(0.9, 0.5, 2, 5)]
    [DataRow(0.05, 0.2, 0, 0)]
    [DataRow(0.6, 0.2, 2, 3)]
    public void It_ends_near_the_length_that_gives_most_tokens_a_second(double accepted, double draftCost, int least, int most)
    {
        var guard = new DraftGuard(7);
        Run(guard, sequences: 4, steps: 4000, accepted, draftCost);
        Assert.IsInRange(least, most, guard.LengthAt(4));
    }

    [TestMethod]
    public void It_switches_off_and_on_again_and_says_so_once()
    {
        var guard = new DraftGuard(3);
        Assert.AreEqual(1, Run(guard, sequences: 1, steps: 2000, accepted: 0, draftCost: 0.2));
        Assert.AreEqual(1, Run(guard, sequences: 1, steps: 8000, accepted: 1, draftCost: 0.1));
        Assert.AreEqual(3, guard.LengthAt(1));
    }

    [TestMethod]
    public void Each_load_has_its_own_length()
    {
        var guard = new DraftGuard(3);
        Run(guard, sequences: 64, steps: 2000, accepted: 0.1, draftCost: 0.5);
        Assert.AreEqual((3, 0), (guard.LengthAt(1), guard.LengthAt(100)));
    }

    [TestMethod]
    public void An_engine_whose_drafts_are_wrong_stops_drafting_and_answers_the_same()
    {
        var time = new StepClock();
        using var bench = new EngineBench(blocks: 400, context: 1200, drafts: 3, adapts: true, time: time);
        bench.Runner.PercentRight = 0;
        bench.Runner.Completing = () => time.Advance(TimeSpan.FromMilliseconds(10 + bench.Runner.Tokens));
        GenerationRequest request = EngineBench.Request(1, promptLength: 9, maxTokens: 1000);
        GenerationStream stream = bench.Submit(request);
        bench.RunToEnd();
        CollectionAssert.AreEqual(bench.Expected(request), EngineBench.Read(stream));
        Assert.IsLessThan(2, bench.Engine.Status.DraftLength);
        Assert.IsLessThan(1000, bench.Engine.Status.DraftedTokens, "of nearly 3000 without the guard");
    }

    /// <summary>Runs steps and returns how often the guard switched.</summary>
    private static int Run(DraftGuard guard, int sequences, int steps, double accepted, double draftCost)
    {
        int switches = 0;
        double owed = 0;
        for (int step = 0; step < steps; step++)
        {
            int length = guard.LengthAt(sequences);
            owed += sequences * Gained(length, accepted);
            int gained = (int)owed;
            owed -= gained;
            switches += guard.Observe(sequences, gained, 1 + (length * draftCost)) ? 1 : 0;
        }

        return switches;
    }

    private sealed class StepClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
