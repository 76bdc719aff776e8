using CsCheck;
using Glm5.Core;

namespace Glm5.Tests.Unit.Scheduling;

/// <summary>
/// Long lives of engines of any size: arrivals of any urgency and key, time that goes by, cancellations and steps, in any
/// order. After each of them every invariant holds, and in the end everybody has what was asked for.
/// </summary>
[TestClass]
public sealed class RandomEventTests
{
    private const int Houses = 25, EventsOfEach = 2000;

    private static readonly Gen<House> s_house =
        from blockSlots in Gen.Int[1, 8]
        from context in Gen.Int[8, 80]
        from spare in Gen.Int[0, 20]
        from maxTokens in Gen.Int[1, 40]
        from maxSequences in Gen.Int[1, 10]
        from prefixCaching in Gen.Frequency((4, Gen.Const(true)), (1, Gen.Const(false)))
        from drafts in Gen.Frequency((1, Gen.Const(0)), (1, Gen.Int[1, 7]))
        from scheduling in Gen.Enum<SchedulingPolicy>()
        from lateAfter in Gen.Int[0, 20]
        select new House(
            ((context + blockSlots - 1) / blockSlots) + 1 + spare, blockSlots, context, maxTokens, maxSequences, prefixCaching,
            drafts, scheduling, lateAfter);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Every_invariant_holds_after_every_event_and_nobody_starves()
    {
        var sum = new EventCounts();
        Gen.Select(s_house, Gen.Int[0, int.MaxValue - 1]).Sample(
            (house, seed) =>
            {
                using var life = new EngineLife(house, seed);
                for (int i = 0; i < EventsOfEach; i++)
                    life.Step();
                life.End();
                sum.Add(life.Counts);
            }, iter: Soak.Times(Houses), threads: 1);
        TestContext.WriteLine(sum.ToString());
        Assert.IsGreaterThan(10 * Houses, sum.Preemptions, "too few give way");
        Assert.IsGreaterThan(Houses, sum.Expired, "too few expire");
        Assert.IsGreaterThan(10 * Houses, sum.LateAdmissions, "too few are late");
        Assert.IsGreaterThan(Houses, sum.RanFirst, "too few of those that are late run before all others");
    }
}

/// <summary>How an engine is made.</summary>
internal sealed record House(
    int Blocks, int BlockSlots, int Context, int MaxTokens, int MaxSequences, bool PrefixCaching, int Drafts,
    SchedulingPolicy Scheduling, int LateAfter);

/// <summary>What happened, so that a test can say that enough did.</summary>
internal sealed class EventCounts
{
    public long Events { get; set; }

    public long Arrivals { get; set; }

    public long Expired { get; set; }

    public long Preemptions { get; set; }

    public long LateAdmissions { get; set; }

    public long RanFirst { get; set; }

    public void Add(EventCounts other)
    {
        Events += other.Events;
        Arrivals += other.Arrivals;
        Expired += other.Expired;
        Preemptions += other.Preemptions;
        LateAdmissions += other.LateAdmissions;
        RanFirst += other.RanFirst;
    }

    public override string ToString() =>
        $"{Events:N0} events: {Arrivals:N0} arrivals, {Expired:N0} expired, {Preemptions:N0} preempted, "
        + $"{LateAdmissions:N0} admitted late, {RanFirst:N0} of them before all others";
}
