using Glm5.Core.Sampling;

namespace Glm5.Tests.Unit.Sampling;

/// <summary>What is drawn, against what the definitions say: by chi-square with seeds that are fixed.</summary>
[TestClass]
public sealed class SamplerDistributionTests
{
    private const int Draws = 40_000;

    [TestMethod]
    [DataRow(1f, 5)]
    [DataRow(1f, 3000)]
    [DataRow(0.5f, 40)]
    [DataRow(1.7f, 40)]
    public void Temperature_divides_the_logits(float temperature, int vocabulary)
    {
        float[] logits = SamplerBench.Logits(vocabulary, 3);
        AssertDistributed(
            SamplerBench.Probabilities(logits, temperature), SamplerBench.Draw(new() { Temperature = temperature }, logits, Draws));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    [DataRow(17)]
    public void Top_k_keeps_the_k_most_probable_the_lowest_ids_among_equals(int topK)
    {
        float[] logits = SamplerBench.Logits(60, 4);
        int[] kept = [.. Ranked(logits).Take(topK)];
        AssertDistributed(Renormalised(logits, kept), SamplerBench.Draw(new() { TopK = topK }, logits, Draws));
    }

    [TestMethod]
    [DataRow(0.1f)]
    [DataRow(0.5f)]
    [DataRow(0.9f)]
    [DataRow(0.999f)]
    public void Top_p_keeps_the_fewest_that_reach_p(float topP)
    {
        float[] logits = SamplerBench.Logits(500, 5);
        double[] probabilities = SamplerBench.Probabilities(logits);
        AssertDistributed(
            Renormalised(logits, Nucleus(Ranked(logits), probabilities, topP)),
            SamplerBench.Draw(new() { TopP = topP }, logits, Draws));
    }

    [TestMethod]
    [DataRow(0.01f)]
    [DataRow(0.3f)]
    [DataRow(1f)]
    public void Min_p_keeps_what_is_probable_beside_the_best(float minP)
    {
        float[] logits = SamplerBench.Logits(200, 6);
        double[] probabilities = SamplerBench.Probabilities(logits, 0.8);
        double best = probabilities.Max();
        int[] kept = [.. Ranked(logits).Where(i => probabilities[i] >= minP * best * (1 - 1e-6))];
        AssertDistributed(
            Renormalised(logits, kept, 0.8), SamplerBench.Draw(new() { MinP = minP, Temperature = 0.8f }, logits, Draws));
    }

    [TestMethod]
    public void Filters_apply_in_the_order_min_p_top_k_top_p_each_over_what_is_left()
    {
        float[] logits = SamplerBench.Logits(300, 7);
        double[] all = SamplerBench.Probabilities(logits);
        int[] kept = [.. Ranked(logits).Where(i => all[i] >= 0.2 * all.Max()).Take(12)];
        double[] left = Renormalised(logits, kept);
        AssertDistributed(
            Renormalised(logits, Nucleus(kept, left, 0.7f)),
            SamplerBench.Draw(new() { MinP = 0.2f, TopK = 12, TopP = 0.7f }, logits, Draws));
    }

    [TestMethod]
    public void Seeds_give_different_streams_and_each_its_own_again()
    {
        float[] logits = SamplerBench.Logits(50, 8);
        int[] first = SamplerBench.Draw(new(), logits, 500, seed: 1);
        CollectionAssert.AreEqual(first, SamplerBench.Draw(new(), logits, 500, seed: 1));
        CollectionAssert.AreNotEqual(first, SamplerBench.Draw(new(), logits, 500, seed: 2));
    }

    [TestMethod]
    public void Neighbouring_seeds_and_positions_are_independent()
    {
        const int Side = 8, Samples = 64_000;
        var counts = new int[Side * Side];
        for (int i = 0; i < Samples; i++)
        {
            double here = KeyedRandom.Unit(5, i, DrawPurpose.Token);
            double there = i % 2 == 0
                ? KeyedRandom.Unit(5, i + 1, DrawPurpose.Token)
                : KeyedRandom.Unit(6, i, DrawPurpose.Token);
            counts[((int)(here * Side) * Side) + (int)(there * Side)]++;
        }

        AssertDistributed([.. Enumerable.Repeat(1.0 / counts.Length, counts.Length)], counts);
    }

    private static int[] Ranked(float[] logits) =>
        [.. Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).ThenBy(i => i)];

    private static int[] Nucleus(int[] ranked, double[] probabilities, float topP)
    {
        double sum = 0;
        int count = 0;
        while (count < ranked.Length && sum < topP)
            sum += probabilities[ranked[count++]];
        return ranked[..count];
    }

    private static double[] Renormalised(float[] logits, int[] kept, double temperature = 1)
    {
        double[] probabilities = SamplerBench.Probabilities(logits, temperature);
        double sum = kept.Sum(i => probabilities[i]);
        var left = new double[logits.Length];
        foreach (int i in kept)
            left[i] = probabilities[i] / sum;
        return left;
    }

    private static void AssertDistributed(double[] expected, int[] counts)
    {
        (double statistic, int freedom) = ChiSquare.Of(expected, counts);
        Assert.IsLessThan(ChiSquare.Bound(freedom), statistic, $"chi-square of {freedom} degrees of freedom");
    }
}
