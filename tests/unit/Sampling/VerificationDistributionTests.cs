using System.Runtime.InteropServices;
using Glm5.Backends.CpuReference;
using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;

namespace Glm5.Tests.Unit.Sampling;

/// <summary>
/// What verification chooses behind drafts, against the distribution without them: row by row, among the sequences whose
/// drafts stood until there. Drafts are the likeliest tokens, as the draft layer's are, or others, as prompt lookup's are.
/// </summary>
[TestClass]
public sealed class VerificationDistributionTests
{
    private const int Vocabulary = 24, Drafts = 3, AtOnce = 50, Draws = 40_000;

    /// <summary>The flaw that must be found: in so many cases a draft stands that was not chosen.</summary>
    private const double Flaw = 0.03;

    private static readonly SamplingParameters[] s_parameters =
        [new(), new() { Temperature = 0.7f, TopP = 0.9f }, new() { Temperature = 1.3f, TopK = 9 }];

    [TestMethod]
    [DataRow(0, 0)]
    [DataRow(1, 0)]
    [DataRow(2, 0)]
    [DataRow(0, 4)]
    [DataRow(1, 2)]
    [DataRow(2, 6)]
    public void Behind_drafts_tokens_have_the_distribution_of_plain_decoding(int parameters, int rank)
    {
        Rows rows = Rows.Of(s_parameters[parameters], rank);
        int[][] counts = Verify(s_parameters[parameters], rows);
        for (int row = 0; row <= Drafts; row++)
        {
            (double statistic, int freedom) = ChiSquare.Of(rows.Probabilities[row], counts[row]);
            Assert.IsLessThan(
                ChiSquare.Bound(freedom), statistic, $"row {row}, reached by {counts[row].Sum()} of {Draws} sequences");
        }
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(4)]
    public void A_verifier_that_lets_three_drafts_of_a_hundred_stand_would_be_found(int rank)
    {
        Rows rows = Rows.Of(s_parameters[0], rank);
        double[] flawed = [.. rows.Probabilities[0].Select(p => p * (1 - Flaw))];
        flawed[rows.Drafts[0]] += Flaw;
        Assert.IsGreaterThan(0.98, ChiSquare.Power(rows.Probabilities[0], flawed, Draws), "the power of the test above");

        int[] counts = Verify(s_parameters[0], rows)[0];
        for (int token = 0; token < Vocabulary; token++)
        {
            int moved = token == rows.Drafts[0] ? 0 : (int)Math.Round(counts[token] * Flaw);
            counts[token] -= moved;
            counts[rows.Drafts[0]] += moved;
        }

        (double statistic, int freedom) = ChiSquare.Of(rows.Probabilities[0], counts);
        Assert.IsGreaterThan(ChiSquare.Bound(freedom), statistic);
    }

    /// <summary>[rows][tokens] how often each was chosen where a row was reached.</summary>
    private static int[][] Verify(SamplingParameters parameters, Rows rows)
    {
        using IAccelerator rank = new CpuBackend(CpuVoice.Simd).Open(new DeviceRequest(1, 8 << 20, 1))[0];
        var batch = new SampleBatch(AtOnce, AtOnce * (1 + Drafts));
        var scratch = new SamplingScratch(Vocabulary);
        var request = new GenerationRequest { Prompt = [1], Sampling = parameters, MaxTokens = 100 };
        int[][] counts = [.. Enumerable.Range(0, Drafts + 1).Select(_ => new int[Vocabulary])];
        for (int seed = 0; seed < Draws; seed += AtOnce)
        {
            batch.Clear();
            for (int i = 0; i < AtOnce; i++)
                batch.Add(new SequenceSampler(request, seed + i, TokenMask.Nothing, scratch), rows.Drafts);
            using ActivationArena.Scope scope = rank.Ops.Arena.Open();
            Tensor logits = rank.Ops.Arena.Take(ElementType.F32, batch.Rows, Vocabulary);
            rank.Memory.Upload(MemoryMarshal.AsBytes(rows.Logits.AsSpan()), logits);
            rank.Ops.Verify(logits, batch);
            for (int s = 0; s < AtOnce; s++)
            {
                for (int row = 0; row < batch.TokenCount[s]; row++)
                    counts[row][batch.Tokens[batch.FirstRow[s] + row].Token]++;
            }
        }

        return counts;
    }

    /// <summary>Rows of logits, what is drafted for each but the last, and what each is to be drawn from.</summary>
    private sealed record Rows(float[] Logits, int[] Drafts, double[][] Probabilities)
    {
        /// <summary>Drafts are the tokens of a rank by probability: 0 for the likeliest.</summary>
        public static Rows Of(SamplingParameters parameters, int rank)
        {
            float[][] logits = [.. Enumerable.Range(0, VerificationDistributionTests.Drafts + 1)
                .Select(row => SamplerBench.Logits(Vocabulary, 40 + row))];
            double[][] probabilities = [.. logits.Select(row => Target(row, parameters))];
            int[] drafts = [.. probabilities.Take(VerificationDistributionTests.Drafts).Select(row => Ranked(row)[rank])];
            float[] one = [.. logits.SelectMany(row => row)];
            return new Rows([.. Enumerable.Repeat(one, AtOnce).SelectMany(row => row)], drafts, probabilities);
        }

        private static int[] Ranked(double[] row) =>
            [.. Enumerable.Range(0, row.Length).OrderByDescending(i => row[i]).ThenBy(i => i)];

        /// <summary>Temperature, then the k most probable, then the fewest that reach p.</summary>
        private static double[] Target(float[] logits, SamplingParameters parameters)
        {
            double[] all = SamplerBench.Probabilities(logits, parameters.Temperature);
            int[] kept = [.. Ranked(all).Take(parameters.TopK > 0 ? parameters.TopK : Vocabulary)];
            double sum = kept.Sum(i => all[i]), reached = 0;
            var left = new double[Vocabulary];
            foreach (int token in kept)
            {
                if (reached >= parameters.TopP * sum)
                    break;
                left[token] = all[token];
                reached += all[token];
            }

            return [.. left.Select(p => p / reached)];
        }
    }
}
