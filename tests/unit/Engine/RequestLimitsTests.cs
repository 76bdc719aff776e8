using Glm5.Core;

namespace Glm5.Tests.Unit.Engine;

[TestClass]
public sealed class RequestLimitsTests
{
    private static readonly GenerationRequest s_good = EngineBench.Request(1, 5, 10);

    public static IEnumerable<object[]> Refused =>
    [
        [s_good with { Prompt = [] }, "prompt", "at least one"],
        [s_good with { Prompt = default }, "prompt", "missing"],
        [s_good with { Prompt = [1, 50] }, "prompt", "prompt[1] is 50; the model's token ids go from 0 to 49"],
        [s_good with { Prompt = [-1] }, "prompt", "prompt[0] is -1"],
        [EngineBench.Request(1, 100, 1), "prompt", "100 tokens and the model's context ends at 100"],
        [EngineBench.Request(1, 90, 11), "max_tokens", "11 are 101 together, the model's context ends at 100; ask for at most 10"],
        [s_good with { MaxTokens = int.MaxValue }, "max_tokens", "2147483652 together"],
        [s_good with { MaxTokens = 0 }, "max_tokens", "at least 1"],
        [s_good with { MinTokens = 11 }, "min_tokens", "between 0 and the 10"],
        [s_good with { MinTokens = -1 }, "min_tokens", "between 0"],
        [s_good with { StopIds = [77] }, "stop_token_ids", "stop_token_ids[0] is 77"],
        [s_good with { Priority = -1 }, "priority", "priority is -1 and this server serves in order of arrival"],
        [s_good with { MaxWait = TimeSpan.Zero }, "max_wait", "more than 0"],
        [s_good with { ShareWeight = 0 }, "share_weight", "between 1 and 1000"],
        [s_good with { ShareWeight = 1001 }, "share_weight", "weight is 1001"],
        [With(new() { Temperature = -1 }), "temperature", "0 or more"],
        [With(new() { Temperature = float.NaN }), "temperature", "0 or more"],
        [With(new() { TopP = 0 }), "top_p", "more than 0"],
        [With(new() { TopP = 1.5f }), "top_p", "at most 1"],
        [With(new() { TopK = -1 }), "top_k", "0"],
        [With(new() { MinP = 2 }), "min_p", "between 0 and 1"],
        [With(new() { RepetitionPenalty = 0 }), "repetition_penalty", "more than 0"],
        [With(new() { PresencePenalty = float.PositiveInfinity }), "presence_penalty", "a number"],
        [With(new() { FrequencyPenalty = float.NaN }), "frequency_penalty", "a number"],
        [With(new() { LogProbs = -1 }), "logprobs", "between 0"],
        [With(new() { LogProbs = 51 }), "logprobs", "50"],
        [With(new() { LogitBias = new Dictionary<int, float> { [50] = 1 } }), "logit_bias", "token 50"],
        [With(new() { LogitBias = new Dictionary<int, float> { [5] = float.NaN } }), "logit_bias", "token 5"],
    ];

    [TestMethod]
    [DynamicData(nameof(Refused))]
    public void A_request_that_can_never_be_served_is_refused_by_field_with_both_numbers(
        GenerationRequest request, string field, string sentence)
    {
        using var bench = new EngineBench();
        RequestRefusedException refused = Assert.ThrowsExactly<RequestRefusedException>(() => bench.Submit(request));
        Assert.AreEqual(field, refused.Field);
        Assert.Contains(sentence, refused.Message);
    }

    [TestMethod]
    public void A_request_that_just_fits_is_served()
    {
        using var bench = new EngineBench();
        GenerationStream stream = bench.Submit(EngineBench.Request(1, 99, 1));
        bench.RunToEnd();
        Assert.HasCount(1, EngineBench.Read(stream));
    }

    private static GenerationRequest With(SamplingParameters sampling) => s_good with { Sampling = sampling };
}
