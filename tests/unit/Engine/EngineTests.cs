using Glm5.Core;
using Glm5.Core.Sampling;

namespace Glm5.Tests.Unit.Engine;

[TestClass]
public sealed class EngineTests
{
    [TestMethod]
    public void A_request_alone_is_answered_as_the_model_says()
    {
        using var bench = new EngineBench();
        GenerationRequest request = EngineBench.Request(1, promptLength: 9, maxTokens: 30);
        GenerationStream stream = bench.Submit(request);
        Assert.AreEqual(30, bench.RunToEnd());
        CollectionAssert.AreEqual(bench.Expected(request), EngineBench.Read(stream));
        Assert.AreEqual(FinishReason.Length, stream.Finish);
        Assert.AreEqual(9, stream.PromptTokens);
    }

    [TestMethod]
    public void A_prompt_longer_than_the_budget_is_computed_in_chunks()
    {
        using var bench = new EngineBench(maxTokens: 8);
        GenerationRequest request = EngineBench.Request(2, promptLength: 61, maxTokens: 5);
        GenerationStream stream = bench.Submit(request);
        Assert.AreEqual(8 + 4, bench.RunToEnd());
        CollectionAssert.AreEqual(bench.Expected(request), EngineBench.Read(stream));
    }

    [TestMethod]
    public void The_answer_is_the_same_whatever_else_is_in_the_batch()
    {
        using var bench = new EngineBench(blocks: 400);
        GenerationRequest[] requests = [.. Enumerable.Range(0, 20).Select(i => EngineBench.Request(i, 1 + (i * 3), 40 - i))];
        GenerationStream[] streams = [.. requests.Select(bench.Submit)];
        bench.RunToEnd();
        for (int i = 0; i < requests.Length; i++)
            CollectionAssert.AreEqual(bench.Expected(requests[i]), EngineBench.Read(streams[i]), $"request {i}");
        Assert.AreEqual(0, bench.Engine.Status.Preemptions);
    }

    [TestMethod]
    public void Preempted_sequences_compute_again_and_give_the_same_tokens()
    {
        using var bench = new EngineBench(blocks: 27);
        GenerationRequest[] requests = [.. Enumerable.Range(0, 12).Select(i => EngineBench.Request(i, 8, 60))];
        GenerationStream[] streams = [.. requests.Select(bench.Submit)];
        bench.RunToEnd();
        for (int i = 0; i < requests.Length; i++)
            CollectionAssert.AreEqual(bench.Expected(requests[i]), EngineBench.Read(streams[i]), $"request {i}");
        Assert.IsGreaterThan(5, bench.Engine.Status.Preemptions);
    }

    [TestMethod]
    public void A_running_decode_never_waits_for_a_prefill()
    {
        using var bench = new EngineBench(blocks: 400, maxTokens: 16);
        GenerationStream decoding = bench.Submit(EngineBench.Request(1, 2, 90));
        bench.Engine.Turn();
        for (int i = 0; i < 5; i++)
            bench.Submit(EngineBench.Request(i, 90, 5));
        bench.Engine.Turn();
        EngineBench.Read(decoding);
        for (int turn = 0; turn < 25; turn++)
        {
            bench.Engine.Turn();
            Assert.HasCount(1, EngineBench.Read(decoding), $"turn {turn}");
            Assert.AreEqual(16, bench.Runner.Tokens, "what is left of the budget goes to the prompts");
        }
    }

    [TestMethod]
    public void Tokens_are_published_while_the_next_step_runs()
    {
        using var bench = new EngineBench();
        GenerationStream stream = bench.Submit(EngineBench.Request(1, 4, 10));
        bench.Engine.Turn();
        Assert.IsFalse(stream.TryRead(out _));
        bool thereWhileRunning = false;
        bench.Runner.Completing = () => thereWhileRunning = stream.TryRead(out _);
        bench.Engine.Turn();
        Assert.IsTrue(thereWhileRunning);
    }

    [TestMethod]
    public void A_stop_id_is_the_last_token()
    {
        using var bench = new EngineBench();
        GenerationRequest free = EngineBench.Request(3, 5, 40);
        List<int> unstopped = bench.Expected(free);
        GenerationRequest request = free with { StopIds = [unstopped[7], unstopped[12]] };
        GenerationStream stream = bench.Submit(request);
        bench.RunToEnd();
        List<int> answer = EngineBench.Read(stream);
        Assert.AreEqual(FinishReason.Stop, stream.Finish);
        CollectionAssert.AreEqual(bench.Expected(request), answer);
        CollectionAssert.Contains(request.StopIds.ToArray(), answer[^1]);
        Assert.IsLessThanOrEqualTo(8, answer.Count);
        Assert.AreEqual(0, bench.Engine.Status.BlocksInUse);
    }

    [TestMethod]
    public void No_stop_id_is_chosen_before_the_least_length()
    {
        using var bench = new EngineBench();
        GenerationRequest free = EngineBench.Request(3, 5, 40);
        int first = bench.Expected(free)[0];
        GenerationStream stream = bench.Submit(free with { StopIds = [first], MinTokens = 12 });
        bench.RunToEnd();
        List<int> answer = EngineBench.Read(stream);
        CollectionAssert.DoesNotContain(answer[..12], first);
        Assert.IsGreaterThanOrEqualTo(12, answer.Count);
    }

    [TestMethod]
    public void An_answer_without_a_limit_ends_with_the_context()
    {
        using var bench = new EngineBench(context: 40);
        GenerationRequest request = EngineBench.Request(4, 10, 1) with { MaxTokens = null };
        GenerationStream stream = bench.Submit(request);
        bench.RunToEnd();
        Assert.HasCount(30, EngineBench.Read(stream));
        Assert.AreEqual(FinishReason.Length, stream.Finish);
    }

    [TestMethod]
    public void The_last_token_is_known_as_such_when_it_is_read()
    {
        using var bench = new EngineBench();
        GenerationStream stream = bench.Submit(EngineBench.Request(1, 4, 3));
        for (int i = 0; i < 2; i++)
        {
            while (!stream.TryRead(out _))
                bench.Engine.Turn();
            Assert.IsNull(stream.Finish);
        }

        while (!stream.TryRead(out _))
            bench.Engine.Turn();
        Assert.AreEqual(FinishReason.Length, stream.Finish);
    }

    [TestMethod]
    public void Log_probabilities_come_with_the_tokens()
    {
        using var bench = new EngineBench();
        GenerationRequest request = EngineBench.Request(5, 6, 8) with
        {
            Sampling = new SamplingParameters { Temperature = 0.7f, Seed = 3, LogProbs = 2 },
        };
        GenerationStream stream = bench.Submit(request);
        bench.RunToEnd();
        foreach (SampledToken expected in FakeStepRunner.Expected(request, bench.Context))
        {
            Assert.IsTrue(stream.TryRead(out SampledToken token));
            Assert.AreEqual((expected.Token, expected.LogProb), (token.Token, token.LogProb));
            CollectionAssert.AreEqual(expected.Top, token.Top);
        }
    }

    [TestMethod]
    public void The_status_counts()
    {
        using var bench = new EngineBench(maxSequences: 2);
        for (int i = 0; i < 5; i++)
            bench.Submit(EngineBench.Request(i, 10, 4));
        Assert.AreEqual(new EngineStatus(0, 5, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0), bench.Engine.Status);
        bench.Engine.Turn();
        Assert.AreEqual(2, bench.Engine.Status.Running);
        Assert.AreEqual(3, bench.Engine.Status.Waiting);
        Assert.AreEqual(20, bench.Engine.Status.PromptTokens);
        bench.RunToEnd();
        Assert.AreEqual(new EngineStatus(0, 0, 0, 15, 64, 0, bench.Runner.Steps, 50, 20, 50, 0, 0, 0), bench.Engine.Status);
    }
}
