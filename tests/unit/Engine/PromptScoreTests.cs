using Glm5.Core;
using Glm5.Core.Sampling;

namespace Glm5.Tests.Unit.Engine;

/// <summary>Prompts are reported token by token where that is asked for, whatever else the engine does.</summary>
[TestClass]
public sealed class PromptScoreTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(16)]
    [DataRow(17)]
    [DataRow(60)]
    public void Every_token_but_the_first_is_scored_before_the_answer_begins(int promptLength)
    {
        using var bench = new EngineBench(drafts: 2);
        GenerationRequest request = EngineBench.Request(3, promptLength, maxTokens: 4) with { PromptLogProbs = 2 };
        GenerationStream stream = bench.Submit(request);
        while (!stream.HasNext)
            Assert.IsTrue(bench.Engine.Turn());
        FakeStepRunner.CheckScores(request, stream.PromptScores);
        bench.RunToEnd();
        CollectionAssert.AreEqual(bench.Expected(request), EngineBench.Read(stream));
    }

    [TestMethod]
    public void Nobody_waits_for_a_prompt_that_is_scored()
    {
        using var bench = new EngineBench(maxTokens: 120);
        GenerationRequest scored = EngineBench.Request(1, promptLength: 80, maxTokens: 3) with { PromptLogProbs = 0 };
        GenerationStream first = bench.Submit(scored);
        bench.Engine.Turn();
        bench.Submit(scored with { PromptLogProbs = null, SharesPromptWith = first });
        GenerationStream other = bench.Submit(EngineBench.Request(2, promptLength: 5, maxTokens: 1));
        for (int turn = 0; turn < 4; turn++)
            bench.Engine.Turn();
        Assert.IsTrue(other.HasNext, "the third request is answered while the first one's prompt is scored");
        Assert.IsFalse(first.HasNext);
        bench.RunToEnd();
    }

    [TestMethod]
    public void A_known_prompt_is_computed_again_to_be_scored_and_known_afterwards()
    {
        using var bench = new EngineBench();
        GenerationRequest request = EngineBench.Request(1, promptLength: 41, maxTokens: 3), scored = request with { PromptLogProbs = 0 };
        foreach (GenerationRequest next in (GenerationRequest[])[request, scored, request])
        {
            GenerationStream stream = bench.Submit(next);
            bench.RunToEnd();
            Assert.AreEqual(next == scored || bench.Engine.Status.CachedTokens == 0 ? 0 : 40, stream.CachedTokens);
            FakeStepRunner.CheckScores(next, stream.PromptScores);
        }
    }

    [TestMethod]
    public void What_is_scored_is_not_scored_again_after_a_preemption()
    {
        // Two sequences that together outgrow the blocks.
        using var bench = new EngineBench(blocks: 26, maxTokens: 64, prefixCaching: false);
        GenerationRequest[] requests =
        [
            EngineBench.Request(1, 30, 60) with { PromptLogProbs = 1 }, EngineBench.Request(2, 30, 60) with { PromptLogProbs = 1 },
        ];
        GenerationStream[] streams = [.. requests.Select(bench.Submit)];
        bench.RunToEnd();
        Assert.IsGreaterThan(0, bench.Engine.Status.Preemptions);
        for (int i = 0; i < requests.Length; i++)
        {
            FakeStepRunner.CheckScores(requests[i], streams[i].PromptScores);
            CollectionAssert.AreEqual(bench.Expected(requests[i]), EngineBench.Read(streams[i]));
        }
    }

    [TestMethod]
    public void Equally_probable_tokens_share_a_rank()
    {
        var sampler = new SequenceSampler(
            new GenerationRequest { Prompt = [0], PromptLogProbs = 2 }, 0, TokenMask.Nothing, new SamplingScratch(4));
        ScoredToken score = sampler.Score([1, 2, 2, float.NegativeInfinity], 2);
        Assert.AreEqual(1, score.Rank);
        CollectionAssert.AreEqual(new[] { 1, 2 }, score.Top.Select(top => top.Token).ToArray());
        Assert.AreEqual(3, sampler.Score([1, 2, 2, float.NegativeInfinity], 0).Rank);
        Assert.AreEqual(float.NegativeInfinity, sampler.Score([1, 2, 2, float.NegativeInfinity], 3).LogProb);
    }
}
