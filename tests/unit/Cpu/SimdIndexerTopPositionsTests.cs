using CsCheck;
using Glm5.Backends.CpuReference.Oracle;
using Glm5.Backends.CpuReference.Simd.Attention;

namespace Glm5.Tests.Unit.Cpu;

/// <summary>The choice of the largest scores against sorting them.</summary>
[TestClass]
public sealed unsafe class SimdIndexerTopPositionsTests
{
    private static readonly float[] s_special =
        [0f, -0f, 1f, -1f, float.NaN, float.NegativeInfinity, float.PositiveInfinity, float.Epsilon, -float.Epsilon, float.MaxValue, float.MinValue];

    private static readonly Gen<float> s_score = Gen.Frequency(
        (3, Gen.Int[0, 3].Select(v => v / 2f)), (2, Gen.Int[0, s_special.Length - 1].Select(i => s_special[i])), (4, Gen.Float));

    [TestMethod]
    public void The_chosen_are_those_that_sorting_finds() =>
        Gen.Select(s_score.Array[0, 200], Gen.Int[1, 80]).Sample((scores, k) => Agree(scores, k), iter: Soak.Times(2000));

    [TestMethod]
    [DataRow(4097, 2048)]
    [DataRow(32771, 512)]
    [DataRow(15, 15)]
    [DataRow(16, 1)]
    [DataRow(100, 128)]
    public void Long_rows_are_chosen_from_alike(int count, int k)
    {
        Agree(SimdAttentionKernelTests.Values(new Random(count), count), k);
        Agree([.. Enumerable.Range(0, count).Select(i => (float)(i % 7))], k);
        Agree([.. Enumerable.Repeat(-3.5f, count)], k);
        Agree([.. Enumerable.Range(0, count).Select(i => i % 3 == 0 ? float.NaN : float.NegativeInfinity)], k);
    }

    private static void Agree(float[] scores, int k)
    {
        int[] expected = new int[k], got = new int[k];
        Equations.TopK(scores, expected);
        float[] padded = [.. scores, 0];
        fixed (float* s = padded)
        fixed (int* chosen = got)
            TopPositions.Choose(s, scores.Length, chosen, k);
        CollectionAssert.AreEqual(expected, got);
    }
}
