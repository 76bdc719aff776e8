using CsCheck;
using Glm5.Backends.CpuReference.Simd;
using Glm5.Backends.CpuReference.Simd.Attention;

namespace Glm5.Tests.Unit.Cpu;

/// <summary>Selection by counting against a plain sort.</summary>
[TestClass]
public sealed unsafe class SimdTopScoresTests
{
    private static readonly float[] s_special =
        [0f, -0f, 1, -1, float.NaN, float.NegativeInfinity, float.PositiveInfinity, float.MaxValue, float.MinValue, float.Epsilon, -float.Epsilon];

    [TestMethod]
    public void The_largest_are_chosen_in_ascending_order() => Gen.Select(Gen.Int[1, 4000], Gen.Int[1, 600], Gen.Int[0, 2], Gen.Int[0, 1 << 20])
        .Sample((width, k, kind, seed) =>
        {
            float[] scores = Scores(width, kind, seed);
            int[] chosen = new int[k];
            fixed (float* s = scores)
            {
                fixed (int* c = chosen)
                    TopPositions.Choose(s, width, c, k);
            }

            CollectionAssert.AreEqual(Sorted(scores, k), chosen);
        }, iter: Soak.Times(100), threads: 1);

    [TestMethod]
    public void The_first_of_the_largest_is_found() => Gen.Select(Gen.Int[1, 4000], Gen.Int[0, 2], Gen.Int[0, 1 << 20])
        .Sample((width, kind, seed) =>
        {
            float[] scores = Scores(width, kind, seed);
            int best = 0;
            for (int j = 1; j < width; j++)
                best = scores[j] > scores[best] ? j : best;
            fixed (float* s = scores)
                Assert.AreEqual(best, TopScores.First(s, width));
        }, iter: Soak.Times(100), threads: 1);

    private static float[] Scores(int width, int kind, int seed)
    {
        var random = new Random(seed);
        var scores = new float[width];
        for (int j = 0; j < width; j++)
        {
            float value = (random.NextSingle() * 8) - 4;
            scores[j] = kind switch
            {
                0 => value,
                1 => MathF.Round(value),
                _ => s_special[random.Next(s_special.Length)],
            };
        }

        return scores;
    }

    private static int[] Sorted(float[] scores, int k)
    {
        int[] best = [.. Enumerable.Range(0, scores.Length).Where(j => scores[j] > float.NegativeInfinity)
            .OrderByDescending(j => scores[j] + 0f).ThenBy(j => j).Take(k).Order()];
        return [.. best, .. Enumerable.Repeat(-1, k - best.Length)];
    }
}
