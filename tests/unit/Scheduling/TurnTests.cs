using Glm5.Core;
using Glm5.Core.Scheduling;
using Glm5.Tests.Unit.Engine;

namespace Glm5.Tests.Unit.Scheduling;

/// <summary>Whose turn it is, and who gives way.</summary>
[TestClass]
public sealed class TurnTests
{
    [TestMethod]
    public void The_most_urgent_come_first_and_equals_as_they_arrived()
    {
        using EngineBench bench = Prioritised(maxSequences: 1);
        GenerationStream[] streams = [.. new[] { 0, 5, -3, 0, 5, -3 }.Select((priority, i) => bench.Submit(Urgent(i, priority)))];
        CollectionAssert.AreEqual(new[] { 2, 5, 0, 3, 1, 4 }, bench.OrderOfEnds(streams));
    }

    [TestMethod]
    public void Without_priorities_and_keys_who_comes_first_is_served_first()
    {
        using var bench = new EngineBench(maxSequences: 1, time: new HandClock());
        GenerationStream[] streams = [.. Enumerable.Range(0, 10).Select(i => bench.Submit(EngineBench.Request(i, 4, 1 + (i % 3))))];
        CollectionAssert.AreEqual(Enumerable.Range(0, 10).ToArray(), bench.OrderOfEnds(streams));
    }

    [TestMethod]
    public void An_urgent_request_does_not_stop_one_that_runs()
    {
        using EngineBench bench = Prioritised(maxSequences: 1);
        GenerationStream runs = bench.Submit(Urgent(1, 9));
        bench.Engine.Turn();
        GenerationStream urgent = bench.Submit(Urgent(2, -9));
        CollectionAssert.AreEqual(new[] { 0, 1 }, bench.OrderOfEnds([runs, urgent]));
    }

    [TestMethod]
    public void The_least_urgent_gives_its_blocks_up_then_the_latest()
    {
        using EngineBench bench = Prioritised(blocks: 29, maxSequences: 4);
        int[] priorities = [1, 7, 7, 0];
        GenerationStream[] streams = [.. priorities.Select((priority, i) => bench.Submit(EngineBench.Request(i, 8, 60) with { Priority = priority }))];
        var gaveWay = new List<long>();
        while (bench.Engine.Turn())
        {
            SchedulerInvariants.Check(bench.Engine.Scheduler, bench.Engine.Groups[0].Prepared);
            foreach (Sequence sequence in bench.Engine.Scheduler.Waiting.All)
            {
                if (sequence.Admissions > 0 && !gaveWay.Contains(sequence.Arrival))
                    gaveWay.Add(sequence.Arrival);
            }
        }

        CollectionAssert.AreEqual(new long[] { 2, 1, 0 }, gaveWay);
        for (int i = 0; i < streams.Length; i++)
            CollectionAssert.AreEqual(bench.Expected(EngineBench.Request(i, 8, 60)), EngineBench.Read(streams[i]));
    }

    [TestMethod]
    public void One_that_was_preempted_comes_back_before_new_ones_of_its_urgency_and_after_more_urgent_ones()
    {
        using EngineBench bench = Prioritised(blocks: 29, maxSequences: 4);
        GenerationStream[] old = [.. Enumerable.Range(0, 3).Select(i => bench.Submit(EngineBench.Request(i, 8, 80)))];
        while (bench.Engine.Status.Preemptions == 0)
            bench.Engine.Turn();
        GenerationStream equal = bench.Submit(Urgent(8, 0)), urgent = bench.Submit(Urgent(9, -1));
        List<int> order = bench.OrderOfEnds([.. old, equal, urgent]);
        Assert.IsLessThan(order.IndexOf(2), order.IndexOf(4), "the urgent one passes");
        Assert.IsLessThan(order.IndexOf(3), order.IndexOf(0), "the new one waits until blocks are free");
    }

    [TestMethod]
    public void A_late_request_is_admitted_however_many_urgent_ones_come()
    {
        var clock = new HandClock();
        using EngineBench bench = Prioritised(maxSequences: 1, clock, lateAfter: 10);
        GenerationStream patient = bench.Submit(Urgent(0, 100));
        int urgent = 0, urgentBefore = 0;
        for (int turn = 0; patient.Finish is null; turn++)
        {
            bench.Submit(Urgent(++urgent, 0) with { MaxTokens = 1 });
            if (turn == 5)
                clock.Advance(11);
            if (turn <= 5)
                urgentBefore = urgent;
            bench.Engine.Turn();
            SchedulerInvariants.Check(bench.Engine.Scheduler, bench.Engine.Groups[0].Prepared);
            Assert.IsLessThan(100, turn, "it starves");
        }

        Assert.IsGreaterThan(5, urgentBefore, "it is not late before its time");
        Assert.IsLessThanOrEqualTo(urgentBefore + WaitingQueue.LateEvery + 3, urgent);
    }

    [TestMethod]
    public void The_earliest_late_one_gives_its_blocks_up_to_nobody()
    {
        var clock = new HandClock();
        using EngineBench bench = Prioritised(blocks: 29, maxSequences: 4, clock, lateAfter: 10);
        GenerationStream patient = bench.Submit(EngineBench.Request(0, 8, 60) with { Priority = 50 });
        clock.Advance(11);
        GenerationStream[] urgent = [.. Enumerable.Range(1, 8).Select(i => bench.Submit(EngineBench.Request(i, 8, 60) with { Priority = 0 }))];
        bool hasRun = false;
        while (patient.Finish is null)
        {
            bench.Engine.Turn();
            bool runs = Runs(bench, arrival: 0);
            Assert.IsTrue(runs || !hasRun || patient.Finish is not null, "it was preempted");
            hasRun |= runs;
        }

        bench.RunToEnd();
        Assert.IsGreaterThan(0, bench.Engine.Status.Preemptions);
        CollectionAssert.AreEqual(bench.Expected(EngineBench.Request(3, 8, 60)), EngineBench.Read(urgent[2]));
    }

    private static bool Runs(EngineBench bench, long arrival)
    {
        foreach (Sequence sequence in bench.Engine.Scheduler.Running)
        {
            if (sequence.Arrival == arrival)
                return true;
        }

        return false;
    }

    private static EngineBench Prioritised(int maxSequences, HandClock? clock = null, double lateAfter = 30) =>
        Prioritised(65, maxSequences, clock, lateAfter);

    private static EngineBench Prioritised(int blocks, int maxSequences, HandClock? clock = null, double lateAfter = 30) => new(
        blocks, maxSequences: maxSequences, time: clock ?? new HandClock(), scheduling: SchedulingPolicy.Priority,
        lateAfter: TimeSpan.FromSeconds(lateAfter));

    private static GenerationRequest Urgent(int seed, int priority) =>
        EngineBench.Request(seed, 4, 3) with { Priority = priority };
}
