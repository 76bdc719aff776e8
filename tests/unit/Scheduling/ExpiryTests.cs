using Glm5.Core;
using Glm5.Core.Sampling;
using Glm5.Core.Scheduling;
using Glm5.Tests.Unit.Engine;

namespace Glm5.Tests.Unit.Scheduling;

/// <summary>Requests that say how long they would wait.</summary>
[TestClass]
public sealed class ExpiryTests
{
    private readonly HandClock _clock = new();

    [TestMethod]
    public async Task A_request_that_waited_too_long_ends_and_says_how_long()
    {
        using EngineBench bench = Bench();
        bench.Submit(EngineBench.Request(1, 4, 20));
        bench.Engine.Turn();
        GenerationStream waits = bench.Submit(Within(2, 5)), behind = bench.Submit(EngineBench.Request(3, 4, 2));
        bench.Engine.Turn();
        _clock.Advance(6.5);
        Assert.IsNull(waits.Finish);
        bench.Engine.Turn();
        Assert.AreEqual(FinishReason.Expired, waits.Finish);
        RequestExpiredException expired = await Assert.ThrowsExactlyAsync<RequestExpiredException>(async () =>
        {
            await foreach (SampledToken token in waits.ReadAllAsync())
                Assert.Fail($"token {token.Token}");
        });
        Assert.AreEqual(TimeSpan.FromSeconds(6.5), expired.Waited);
        Assert.Contains("waited 6.5 s for its turn and was to wait no longer than 5.0 s", expired.Message);
        bench.RunToEnd();
        CollectionAssert.AreEqual(bench.Expected(EngineBench.Request(3, 4, 2)), EngineBench.Read(behind));
        Assert.AreEqual(0, bench.Engine.Status.Waiting);
    }

    [TestMethod]
    public void Those_whose_time_ends_first_end_first_and_the_others_go_on()
    {
        using EngineBench bench = Bench();
        bench.Submit(EngineBench.Request(1, 4, 90));
        bench.Engine.Turn();
        GenerationStream[] streams = [.. new double[] { 9, 2, 5, 7 }.Select((seconds, i) => bench.Submit(Within(i, seconds)))];
        bench.Engine.Turn();
        _clock.Advance(6);
        bench.Engine.Turn();
        CollectionAssert.AreEqual(
            new FinishReason?[] { null, FinishReason.Expired, FinishReason.Expired, null }, streams.Select(s => s.Finish).ToArray());
        SchedulerInvariants.Check(bench.Engine.Scheduler, bench.Engine.Groups[0].Prepared);
        bench.RunToEnd();
        Assert.AreEqual(FinishReason.Length, streams[0].Finish);
        Assert.AreEqual(FinishReason.Length, streams[3].Finish);
    }

    [TestMethod]
    public void One_that_runs_does_not_expire_preempted_or_not()
    {
        using var bench = new EngineBench(blocks: 27, maxSequences: 3, time: _clock);
        GenerationStream[] streams = [.. Enumerable.Range(0, 3).Select(i => bench.Submit(EngineBench.Request(i, 8, 60) with
        {
            MaxWait = TimeSpan.FromSeconds(1),
        }))];
        bench.Engine.Turn();
        while (bench.Engine.Turn())
            _clock.Advance(1);
        Assert.IsGreaterThan(0, bench.Engine.Status.Preemptions);
        foreach (GenerationStream stream in streams)
            Assert.AreEqual(FinishReason.Length, stream.Finish);
    }

    [TestMethod]
    public void The_longest_wait_there_is_ends_never()
    {
        using EngineBench bench = Bench();
        _clock.Advance(1e9);
        GenerationStream stream = bench.Submit(EngineBench.Request(1, 4, 2) with { MaxWait = TimeSpan.MaxValue });
        bench.RunToEnd();
        Assert.AreEqual(FinishReason.Length, stream.Finish);
    }

    private EngineBench Bench() => new(maxSequences: 1, time: _clock);

    private static GenerationRequest Within(int seed, double seconds) =>
        EngineBench.Request(seed, 4, 2) with { MaxWait = TimeSpan.FromSeconds(seconds) };
}
