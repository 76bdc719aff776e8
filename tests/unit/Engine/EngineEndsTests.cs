using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;

namespace Glm5.Tests.Unit.Engine;

/// <summary>How sequences and the engine itself come to an end before their time.</summary>
[TestClass]
public sealed class EngineEndsTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    [TestMethod]
    public void A_cancelled_sequence_is_not_in_the_next_step()
    {
        using var bench = new EngineBench();
        GenerationStream kept = bench.Submit(EngineBench.Request(1, 4, 50)), cancelled = bench.Submit(EngineBench.Request(2, 40, 50));
        for (int i = 0; i < 5; i++)
            bench.Engine.Turn();
        bench.Runner.Completing = cancelled.Cancel;
        bench.Engine.Turn();
        Assert.AreEqual(2, bench.Runner.Sequences);
        bench.Runner.Completing = null;
        bench.Engine.Turn();
        Assert.AreEqual(1, bench.Runner.Sequences);
        Assert.AreEqual(FinishReason.Cancelled, cancelled.Finish);
        bench.RunToEnd();
        CollectionAssert.AreEqual(bench.Expected(EngineBench.Request(1, 4, 50)), EngineBench.Read(kept));
        Assert.AreEqual(0, bench.Engine.Status.BlocksInUse);
    }

    [TestMethod]
    public void A_waiting_sequence_can_be_cancelled_and_cancelled_again()
    {
        using var bench = new EngineBench(maxSequences: 1);
        bench.Submit(EngineBench.Request(1, 4, 20));
        GenerationStream waiting = bench.Submit(EngineBench.Request(2, 4, 20)), behind = bench.Submit(EngineBench.Request(3, 4, 20));
        bench.Engine.Turn();
        waiting.Cancel();
        waiting.Cancel();
        waiting.Dispose();
        bench.RunToEnd();
        Assert.AreEqual(FinishReason.Cancelled, waiting.Finish);
        Assert.IsEmpty(EngineBench.Read(waiting));
        Assert.HasCount(20, EngineBench.Read(behind));
        waiting.Cancel();
        Assert.AreEqual(0, bench.Engine.Status.Waiting);
    }

    [TestMethod]
    public void A_cancellation_posted_before_the_arrival_was_taken_counts()
    {
        using var bench = new EngineBench();
        GenerationStream stream = bench.Submit(EngineBench.Request(1, 4, 20));
        stream.Cancel();
        Assert.IsFalse(bench.Engine.Turn());
        Assert.AreEqual(FinishReason.Cancelled, stream.Finish);
    }

    [TestMethod]
    public void A_full_queue_refuses_with_figures_and_a_time()
    {
        using var bench = new EngineBench(maxSequences: 2, maxWaiting: 3);
        for (int i = 0; i < 5; i++)
            bench.Submit(EngineBench.Request(i, 4, 20));
        bench.Engine.Turn();
        EngineBusyException busy = Assert.ThrowsExactly<EngineBusyException>(() => bench.Submit(EngineBench.Request(9, 4, 20)));
        Assert.Contains("2 requests run and 3 wait", busy.Message);
        Assert.IsGreaterThanOrEqualTo(TimeSpan.FromSeconds(1), busy.RetryAfter);
        bench.RunToEnd();
        bench.Submit(EngineBench.Request(9, 4, 20));
    }

    [TestMethod]
    public async Task A_failed_step_fails_everyone_and_nobody_hangs()
    {
        using var bench = new EngineBench(maxSequences: 2);
        GenerationStream[] streams = [.. Enumerable.Range(0, 6).Select(i => bench.Submit(EngineBench.Request(i, 4, 50)))];
        bench.Runner.Completing = () =>
        {
            if (bench.Runner.Steps == 7)
                throw new AcceleratorException("device 0 fell off the bus");
        };
        bench.Engine.Start();
        for (int i = 0; i < streams.Length; i++)
        {
            int read = 0;
            AcceleratorException error = await Assert.ThrowsAsync<AcceleratorException>(async () =>
            {
                await foreach (SampledToken _ in streams[i].ReadAllAsync())
                    read++;
            }).WaitAsync(s_patience);
            Assert.Contains("fell off the bus", error.Message);
            Assert.AreEqual(i < 2 ? 7 : 0, read, "tokens chosen before the failure are delivered");
            Assert.AreEqual(FinishReason.Failed, streams[i].Finish);
        }

        Assert.Contains("fell off the bus", bench.Engine.Failure!.Message);
        EngineBusyException refused = Assert.ThrowsExactly<EngineBusyException>(() => bench.Submit(EngineBench.Request(1, 2, 3)));
        Assert.Contains("fell off the bus", refused.Message);
        await bench.Engine.DrainAsync(default).WaitAsync(s_patience);
    }

    [TestMethod]
    public async Task What_is_no_device_failure_fails_everyone_too()
    {
        using var bench = new EngineBench();
        GenerationStream stream = bench.Submit(EngineBench.Request(1, 4, 50));
        bench.Runner.Begun = () => throw new InvalidOperationException("a fault of ours");
        bench.Engine.Start();
        AcceleratorException error = await Assert.ThrowsAsync<AcceleratorException>(() => Count(stream)).WaitAsync(s_patience);
        Assert.Contains("a fault of ours", error.Message);
    }

    [TestMethod]
    public async Task Draining_lets_the_running_ones_end_and_takes_no_more()
    {
        using var bench = new EngineBench();
        GenerationStream stream = bench.Submit(EngineBench.Request(1, 4, 50));
        bench.Engine.Start();
        Task drained = bench.Engine.DrainAsync(default);
        Assert.ThrowsExactly<EngineBusyException>(() => bench.Submit(EngineBench.Request(2, 4, 50)));
        await drained.WaitAsync(s_patience);
        Assert.AreEqual(50, await Count(stream).WaitAsync(s_patience));
        await bench.Engine.DrainAsync(default).WaitAsync(s_patience);
    }

    [TestMethod]
    public async Task A_drain_that_is_cancelled_cancels_the_sequences()
    {
        using var bench = new EngineBench(context: 250);
        bench.Runner.Completing = () => Thread.Sleep(5);
        GenerationStream stream = bench.Submit(EngineBench.Request(1, 4, 240));
        bench.Engine.Start();
        using var cancel = new CancellationTokenSource();
        Task drained = bench.Engine.DrainAsync(cancel.Token);
        await cancel.CancelAsync();
        await drained.WaitAsync(s_patience);
        Assert.IsLessThan(240, await Count(stream).WaitAsync(s_patience));
        Assert.AreEqual(FinishReason.Cancelled, stream.Finish);
    }

    [TestMethod]
    public async Task Disposal_ends_everything_in_any_order_and_twice()
    {
        using var bench = new EngineBench(context: 250, maxSequences: 1);
        bench.Runner.Completing = () => Thread.Sleep(5);
        GenerationStream running = bench.Submit(EngineBench.Request(1, 4, 240)), waiting = bench.Submit(EngineBench.Request(1, 4, 240));
        bench.Engine.Start();
        Task drained = bench.Engine.DrainAsync(default);
        bench.Engine.Dispose();
        bench.Engine.Dispose();
        await drained.WaitAsync(s_patience);
        await bench.Engine.DrainAsync(default).WaitAsync(s_patience);
        Assert.AreEqual(FinishReason.Cancelled, running.Finish);
        Assert.AreEqual(FinishReason.Cancelled, waiting.Finish);
        running.Cancel();
        waiting.Dispose();
        Assert.ThrowsExactly<EngineBusyException>(() => bench.Submit(EngineBench.Request(2, 4, 50)));
    }

    [TestMethod]
    public async Task A_reader_that_gives_up_cancels_its_sequence()
    {
        using var bench = new EngineBench(context: 250);
        bench.Runner.Completing = () => Thread.Sleep(2);
        bench.Engine.Start();
        GenerationStream left = bench.Submit(EngineBench.Request(1, 4, 240)), cancelled = bench.Submit(EngineBench.Request(2, 4, 240));
        await foreach (SampledToken _ in left.ReadAllAsync())
            break;
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            await foreach (SampledToken _ in cancelled.ReadAllAsync(cancel.Token))
                await cancel.CancelAsync();
        }).WaitAsync(s_patience);
        await bench.Engine.DrainAsync(default).WaitAsync(s_patience);
        Assert.AreEqual(FinishReason.Cancelled, left.Finish);
        Assert.AreEqual(FinishReason.Cancelled, cancelled.Finish);
        Assert.IsLessThan(200, bench.Runner.Steps);
    }

    [TestMethod]
    public async Task Requests_from_many_threads_are_all_answered()
    {
        using var bench = new EngineBench(blocks: 100, maxSequences: 6, maxWaiting: 1000);
        bench.Engine.Start();
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(async () =>
        {
            GenerationRequest request = EngineBench.Request(i, 1 + (i % 30), 1 + (i % 50));
            var answer = new List<int>();
            await foreach (SampledToken token in bench.Engine.Submit(request).ReadAllAsync())
                answer.Add(token.Token);
            CollectionAssert.AreEqual(bench.Expected(request), answer);
        }))).WaitAsync(s_patience);
        await bench.Engine.DrainAsync(default).WaitAsync(s_patience);
        Assert.AreEqual(0, bench.Engine.Status.BlocksInUse);
    }

    private static async Task<int> Count(GenerationStream stream)
    {
        int count = 0;
        await foreach (SampledToken _ in stream.ReadAllAsync())
            count++;
        return count;
    }
}
