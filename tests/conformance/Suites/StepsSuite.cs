using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Suites;

/// <summary>
/// Each step against the reference backend's, on the same random weights and inputs, at tiny shapes and at those of a rank
/// of GLM-5. The reference is the oracle; the oracle itself is held against the default bodies.
/// </summary>
public abstract class StepsSuite(Tenant tenant) : ConformanceSuite(tenant)
{
    /// <summary>The shapes, by name.</summary>
    public static IEnumerable<object[]> Shapes =>
    [
        [LayerShape.Tiny(ElementType.BF16)], [LayerShape.Tiny(ElementType.F8E4M3)],
        [LayerShape.Tiny(ElementType.I8)],
        [LayerShape.Glm5Rank(ElementType.BF16)], [LayerShape.Glm5Rank(ElementType.F8E4M3)],
    ];

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    [Compares("MlaPrologue", "SelectTokens", "SparseAttend", "MlaEpilogue")]
    public void Attention_steps_agree_with_the_reference(LayerShape shape)
    {
        NeedsTimeFor(shape);
        bool exact = Tenant.Arithmetic == Arithmetic.F32;
        double bound = Bounds.Steps(Tenant.Arithmetic, shape.Weights);
        AttentionValues expected = LayerRuns.Attention(TestedBackends.ReferenceOf(Tenant).OpenLayer(), shape);
        AttentionValues got = LayerRuns.Attention(Tenant.OpenLayer(), shape, exact ? null : expected.Selected);
        Agree(expected.Latent, got.Latent, "query latent", bound);
        Agree(expected.Absorbed, got.Absorbed, "absorbed query", bound);
        Agree(expected.Rope, got.Rope, "rotated query", bound);
        if (exact)
            CollectionAssert.AreEqual(expected.Selected, got.Selected, "selected positions");
        else
            Assert.IsNull(AttentionTrace.Difference(expected.Selected, got.Selected, expected.Scores, bound));
        Agree(expected.Attended, got.Attended, "attended latents", bound);
        Agree(expected.Output, got.Output, "attention output", bound);
        Agree(expected.CacheRows, got.CacheRows, "cached latents", bound);
        Agree(expected.IndexKeys, got.IndexKeys, "cached index keys", bound);
    }

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    [Compares("Route", "RunExperts")]
    public void Routing_and_experts_agree_with_the_reference(LayerShape shape)
    {
        NeedsTimeFor(shape);
        (int[] experts, float[] weights, float[] output) = LayerRuns.Experts(TestedBackends.ReferenceOf(Tenant).OpenLayer(), shape);
        (int[] gotExperts, float[] gotWeights, float[] gotOutput) = LayerRuns.Experts(Tenant.OpenLayer(), shape);
        CollectionAssert.AreEqual(experts, gotExperts);
        Agree(weights, gotWeights, "router weights", Bounds.Steps(Arithmetic.F32, shape.Weights));
        Agree(output, gotOutput, "experts' output", Bounds.Steps(Tenant.Arithmetic, shape.Weights));
    }

    [TestMethod]
    public void A_token_that_is_no_number_spoils_no_other()
    {
        const int Tokens = 5, Spoilt = 3;
        LayerShape shape = LayerShape.Tiny(ElementType.BF16);
        using var layer = new LayerBench(OpenOne(256 << 20), shape, 33);
        float[] x = layer.Bench.Values(Tokens * shape.Hidden, 1), spoilt = [.. x];
        Array.Fill(spoilt, float.NaN, Spoilt * shape.Hidden, shape.Hidden);
        (int[] experts, float[] weights, float[] output) = LayerRuns.Experts(layer, layer.Bench.Of(x, Tokens, shape.Hidden));
        (int[] gotExperts, float[] gotWeights, float[] gotOutput) = LayerRuns.Experts(layer, layer.Bench.Of(spoilt, Tokens, shape.Hidden));
        for (int t = 0; t < Tokens; t++)
        {
            Range choices = (t * shape.ExpertsPerToken)..((t + 1) * shape.ExpertsPerToken), row = (t * shape.Hidden)..((t + 1) * shape.Hidden);
            if (t == Spoilt)
            {
                CollectionAssert.AreEqual((int[])[0, 1], gotExperts[choices]);
                Assert.IsTrue(Array.TrueForAll(gotWeights[choices], float.IsNaN) && Array.TrueForAll(gotOutput[row], float.IsNaN));
                continue;
            }

            CollectionAssert.AreEqual(experts[choices], gotExperts[choices], $"token {t}");
            Agree(weights[choices], gotWeights[choices], $"router weights of token {t}", Bounds.Steps(Arithmetic.F32, shape.Weights));
            Agree(output[row], gotOutput[row], $"experts' output of token {t}", Bounds.Steps(Arithmetic.F32, shape.Weights));
        }
    }

    [TestMethod]
    [Compares("Sample", "Verify")]
    public void Sampling_takes_the_argmax_and_verification_stops_at_the_first_difference()
    {
        using var bench = new OpBench(OpenOne(), 21);
        Tensor logits = bench.Of([0f, 3, 1, 3, 5, 0, 0, 0, 1, 1, 2, 9], 3, 4);
        var batch = new SampleBatch(4, 8);
        batch.Add(Sampler(), [1, 3]);
        bench.Ops.Verify(logits, batch);
        Assert.AreEqual(2, batch.TokenCount[0]);
        Assert.AreEqual(1, batch.Tokens[0].Token);
        Assert.AreEqual(0, batch.Tokens[1].Token);

        batch.Clear();
        batch.Add(Sampler(), []);
        batch.Add(Sampler(), []);
        batch.Add(Sampler(), []);
        bench.Ops.Sample(bench.Of([0f, 3, 1, 3, 5, 0, 0, 0, 1, 1, 2, 9], 3, 4), batch);
        CollectionAssert.AreEqual((int[])[1, 0, 3], batch.Tokens.ToArray().Select(t => t.Token).ToArray());
    }

    [TestMethod]
    public void Greedy_tokens_are_the_same_however_they_are_chosen_where_logits_are_no_numbers()
    {
        using var bench = new OpBench(OpenOne(), 22);
        float[] rows = [float.NaN, 3, float.NaN, 3, 1, 5, float.NaN, 0, float.NaN, float.NaN, float.NaN, float.NaN];
        var batch = new SampleBatch(6, 6);
        for (int i = 0; i < 3; i++)
            batch.Add(Sampler(), []);
        for (int i = 0; i < 3; i++)
            batch.Add(SamplerFactory.GreedyWithLogProbs(), []);
        bench.Ops.Sample(bench.Of([.. rows, .. rows], 6, 4), batch);
        CollectionAssert.AreEqual((int[])[1, 1, 0, 1, 1, 0], batch.Tokens.ToArray().Select(t => t.Token).ToArray());
    }

    private static SequenceSampler Sampler() => SamplerFactory.Greedy();

    internal static void Agree(float[] expected, float[] got, string what, double bound)
    {
        string? difference = Comparison.Difference(expected, got, what, bound);
        Assert.IsNull(difference, difference);
    }
}
