using CsCheck;
using Glm5.Core;
using Glm5.Core.Sampling;

namespace Glm5.Tests.Unit.Sampling;

[TestClass]
public sealed class SequenceSamplerTests
{
    private static readonly SamplingParameters s_greedy = new() { Temperature = 0 };

    [TestMethod]
    public void Greedy_takes_the_lowest_id_among_equals_at_any_length()
    {
        for (int length = 2; length < 70; length++)
        {
            var logits = new float[length];
            logits[length / 2] = logits[length - 1] = 2;
            Assert.AreEqual(length / 2, SamplerBench.New(s_greedy, length).Choose(logits).Token);
        }
    }

    [TestMethod]
    public void A_spent_thinking_budget_leaves_the_end_of_reasoning_alone()
    {
        var request = new GenerationRequest
        {
            Prompt = [0],
            Sampling = s_greedy,
            MinTokens = 9,
            Thinking = new ThinkingBudget(Tokens: 2, CloseId: 3, CallId: 4),
        };
        foreach ((int[] said, bool closes) in ((int[], bool)[])[([1, 2], true), ([1], false), ([3, 1], false), ([4, 1, 1], false)])
        {
            var sampler = new SequenceSampler(request, 1, TokenMask.Nothing, new SamplingScratch(6));
            foreach (int token in said)
                sampler.Accept(token);
            Assert.AreEqual(closes ? 3 : 5, sampler.Choose([0, 0, 0, float.NaN, 0, 1]).Token);
            Assert.AreEqual(!closes, sampler.Allows(5));
            Assert.IsTrue(sampler.Allows(3));
        }
    }

    [TestMethod]
    public void Only_greedy_without_any_wish_is_the_plain_argmax()
    {
        Assert.IsTrue(SamplerBench.New(s_greedy, 4).IsPlainArgMax);
        Assert.IsTrue(SamplerBench.New(s_greedy with { TopP = 0.5f, TopK = 3, MinP = 0.1f, Seed = 4 }, 4).IsPlainArgMax);
        SamplingParameters[] others =
        [
            new(), s_greedy with { LogProbs = 0 }, s_greedy with { RepetitionPenalty = 1.1f }, s_greedy with { PresencePenalty = 1 },
            s_greedy with { FrequencyPenalty = 1 }, s_greedy with { LogitBias = new Dictionary<int, float> { [1] = 1 } },
        ];
        foreach (SamplingParameters parameters in others)
            Assert.IsFalse(SamplerBench.New(parameters, 4).IsPlainArgMax, parameters.ToString());
    }

    [TestMethod]
    public void Repetition_divides_positive_and_multiplies_negative_logits_of_prompt_and_answer()
    {
        SequenceSampler sampler = SamplerBench.New(s_greedy with { RepetitionPenalty = 2 }, 5, prompt: [0, 3]);
        sampler.Accept(1);
        float[] logits = [4, 3.9f, 1.99f, -1, -2];
        Assert.AreEqual(0, sampler.Choose(logits).Token, "4 / 2 is above 1.99");
        CollectionAssert.AreEqual(new[] { 2, 1.95f, 1.99f, -2, -2 }, logits);
    }

    [TestMethod]
    public void Presence_and_frequency_concern_the_answer_alone()
    {
        SequenceSampler sampler = SamplerBench.New(
            s_greedy with { PresencePenalty = 0.5f, FrequencyPenalty = 0.25f }, 4, prompt: [0, 0, 0]);
        sampler.Accept(1);
        sampler.Accept(2);
        sampler.Accept(2);
        sampler.Accept(2);
        float[] logits = [1, 1, 1, 1];
        Assert.AreEqual(0, sampler.Choose(logits).Token);
        CollectionAssert.AreEqual(new[] { 1, 0.25f, -0.25f, 1 }, logits);
    }

    [TestMethod]
    public void Greedy_respects_penalties_and_bias()
    {
        var parameters = s_greedy with { PresencePenalty = 1, LogitBias = new Dictionary<int, float> { [2] = 0.75f } };
        SequenceSampler sampler = SamplerBench.New(parameters, 3);
        var chosen = new List<int>();
        for (int i = 0; i < 3; i++)
        {
            chosen.Add(sampler.Choose([1, 0.5f, 0.5f]).Token);
            sampler.Accept(chosen[^1]);
        }

        CollectionAssert.AreEqual(new[] { 2, 0, 1 }, chosen);
    }

    [TestMethod]
    public void Stop_ids_are_impossible_until_the_least_length_is_reached()
    {
        SequenceSampler sampler = SamplerBench.New(s_greedy, 4, minTokens: 2, stops: [1, 2]);
        for (int i = 0; i < 2; i++)
        {
            Assert.IsFalse(sampler.Allows(1));
            Assert.AreEqual(3, sampler.Choose([0, 5, 4, 3]).Token);
            sampler.Accept(3);
        }

        Assert.IsTrue(sampler.Allows(1));
        Assert.AreEqual(1, sampler.Choose([0, 5, 4, 3]).Token);
    }

    [TestMethod]
    public void Ids_that_name_nothing_are_never_chosen_nor_listed()
    {
        TokenMask unnamed = TokenMask.AllBut(id => id % 3 == 0, 200);
        float[] logits = SamplerBench.Logits(200, 9);
        logits[100] = 50;
        SamplingParameters[] wishes = [s_greedy, new(), new() { TopK = 5 }, new() { TopP = 0.9f }, new() { MinP = 0.1f }];
        foreach (SamplingParameters parameters in wishes)
        {
            SequenceSampler sampler = SamplerBench.New(parameters with { LogProbs = 20 }, 200, unnamed: unnamed);
            Assert.IsFalse(sampler.Allows(100));
            for (int i = 0; i < 50; i++)
            {
                SampledToken token = sampler.Choose([.. logits]);
                sampler.Accept(token.Token);
                Assert.AreEqual(0, token.Token % 3);
                Assert.IsTrue(token.Top!.All(t => t.Token % 3 == 0));
            }
        }
    }

    [TestMethod]
    public void Log_probabilities_are_those_of_the_model_before_any_wish()
    {
        float[] logits = SamplerBench.Logits(700, 10);
        double[] probabilities = SamplerBench.Probabilities(logits);
        var parameters = new SamplingParameters
        {
            Temperature = 0.3f,
            TopK = 4,
            RepetitionPenalty = 3,
            LogProbs = 5,
            LogitBias = new Dictionary<int, float> { [600] = 30 },
        };
        SampledToken token = SamplerBench.New(parameters, 700, prompt: [.. Enumerable.Range(0, 100)]).Choose([.. logits]);
        Assert.AreEqual(600, token.Token);
        Assert.AreEqual(Math.Log(probabilities[600]), token.LogProb, 1e-5);
        int[] best = [.. Enumerable.Range(0, 700).OrderByDescending(i => logits[i]).ThenBy(i => i).Take(5)];
        CollectionAssert.AreEqual(best, token.Top!.Select(t => t.Token).ToArray());
        for (int i = 0; i < 5; i++)
            Assert.AreEqual(Math.Log(probabilities[best[i]]), token.Top![i].LogProb, 1e-5);
    }

    [TestMethod]
    public void Zero_log_probabilities_give_only_the_chosen_ones()
    {
        SampledToken token = SamplerBench.New(s_greedy with { LogProbs = 0 }, 2).Choose([0, 0]);
        Assert.AreEqual(Math.Log(0.5), token.LogProb, 1e-6);
        Assert.IsNull(token.Top);
        Assert.IsTrue(float.IsNaN(SamplerBench.New(new(), 2).Choose([0, 0]).LogProb));
    }

    [TestMethod]
    public void The_draw_depends_on_seed_and_position_not_on_the_calls_before()
    {
        float[] logits = SamplerBench.Logits(100, 11);
        SequenceSampler one = SamplerBench.New(new(), 100, seed: 7), other = SamplerBench.New(new(), 100, seed: 7);
        for (int i = 0; i < 20; i++)
        {
            int token = one.Choose([.. logits]).Token;
            for (int again = 0; again < i % 4; again++)
                Assert.AreEqual(token, other.Choose([.. logits]).Token);
            one.Accept(token);
            other.Accept(token);
        }

        SequenceSampler atTwo = SamplerBench.New(new(), 100, seed: 7, prompt: [1, 1]);
        SequenceSampler afterOne = SamplerBench.New(new(), 100, seed: 7, prompt: [1]);
        afterOne.Accept(1);
        Assert.AreEqual(atTwo.Choose([.. logits]).Token, afterOne.Choose([.. logits]).Token, "the position is absolute");
    }

    /// <summary>
    /// Whatever the logits hold, an id of the vocabulary comes out, and one that is not impossible if there is one.
    /// </summary>
    [TestMethod]
    public void No_logits_break_the_choice()
    {
        Gen<float> logit = Gen.Frequency(
            (6, Gen.Float[-20, 20]),
            (1, Gen.OneOf(float.NaN, float.NegativeInfinity, float.PositiveInfinity, float.MaxValue, float.MinValue, 0f, -0f)));
        Gen<SamplingParameters> parameters =
            from temperature in Gen.OneOf(0f, 1e-6f, 1e-4f, 0.7f, 1f, 50f)
            from topP in Gen.OneOf(1f, 0.9f, 1e-6f, 0.99999f)
            from topK in Gen.OneOf(0, 1, 3, 1000)
            from minP in Gen.OneOf(0f, 1e-9f, 0.5f, 1f)
            from logProbs in Gen.OneOf<int?>(null, 0, 3)
            select new SamplingParameters { Temperature = temperature, TopP = topP, TopK = topK, MinP = minP, LogProbs = logProbs };
        Gen.Select(logit.Array[1, 80], parameters, Gen.Long).Sample((logits, wish, seed) =>
        {
            int token = SamplerBench.New(wish, logits.Length, seed).Choose([.. logits]).Token;
            Assert.IsTrue((uint)token < (uint)logits.Length);
            if (logits.Any(l => l > float.NegativeInfinity))
                Assert.IsGreaterThan(float.NegativeInfinity, logits[token]);
        }, iter: Soak.Times(3000), threads: 1);
    }

    [TestMethod]
    public void When_every_id_is_an_early_stop_the_choice_stays_in_the_vocabulary()
    {
        SequenceSampler sampler = SamplerBench.New(new(), 3, minTokens: 1, stops: [0, 1, 2]);
        Assert.AreEqual(0, sampler.Choose([1, 2, 3]).Token);
    }
}
