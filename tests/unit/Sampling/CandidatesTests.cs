using CsCheck;
using Glm5.Core.Sampling;

namespace Glm5.Tests.Unit.Sampling;

[TestClass]
public sealed class CandidatesTests
{
    [TestMethod]
    public void They_are_what_sorting_everything_would_give()
    {
        Gen<float> logit = Gen.Frequency(
            (5, Gen.Float[-10, 10]), (3, Gen.Int[-3, 3].Select(i => (float)i)),
            (1, Gen.OneOf(0f, -0f, float.NegativeInfinity, float.NaN)));
        Gen.Select(logit.Array[1, 4000], Gen.OneOf(float.NegativeInfinity, -2f, 0f, 9f), Gen.OneOf(1, 2, 20, 300, 5000)).Sample(
            (logits, floor, most) =>
            {
                var candidates = new Candidates(logits.Length);
                candidates.Gather(logits, floor, most);
                candidates.Sort();
                int[] expected = [.. Enumerable.Range(0, logits.Length)
                    .Where(i => logits[i] >= floor && !float.IsInfinity(logits[i]))
                    .OrderByDescending(i => logits[i]).ThenBy(i => i).Take(most)];
                Assert.AreEqual(expected.Length, candidates.Count);
                for (int rank = 0; rank < expected.Length; rank++)
                {
                    Assert.AreEqual(expected[rank], candidates.Token(rank), $"rank {rank}");
                    Assert.AreEqual(logits[expected[rank]], candidates.Logit(rank));
                }
            },
            iter: Soak.Times(300), threads: 1);
    }

    [TestMethod]
    public void The_nucleus_is_what_adding_up_from_the_best_would_give() =>
        Gen.Select(Gen.Float[-6, 3].Array[1, 3000], Gen.Double[0.001, 0.999]).Sample(
            (logits, share) =>
            {
                float max = logits.Max();
                var candidates = new Candidates(logits.Length);
                candidates.Gather(logits, float.NegativeInfinity, logits.Length);
                double enough = share * candidates.SumExp(max, 1), sum = 0;
                candidates.KeepNucleus(enough, max, 1);
                int[] kept = [.. Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).ThenBy(i => i).TakeWhile(i =>
                {
                    bool wanted = sum < enough * (1 - 1e-9);
                    sum += MathF.Exp(logits[i] - max);
                    return wanted;
                })];
                Assert.AreEqual(kept.Length, candidates.Count);
                CollectionAssert.AreEquivalent(kept, Enumerable.Range(0, kept.Length).Select(candidates.Token).ToArray());
            },
            iter: Soak.Times(200), threads: 1);

    [TestMethod]
    [DataRow("ascending")]
    [DataRow("descending")]
    [DataRow("equal")]
    [DataRow("organ pipe")]
    public void Unkind_orders_take_no_longer_than_a_sort(string order)
    {
        const int Count = 155_000;
        var logits = new float[Count];
        for (int i = 0; i < Count; i++)
            logits[i] = order switch { "ascending" => i, "descending" => -i, "equal" => 1, _ => Math.Min(i, Count - i) };
        var candidates = new Candidates(Count);
        candidates.Gather(logits, float.NegativeInfinity, 50);
        candidates.Sort();
        int best = order switch { "ascending" => Count - 1, "organ pipe" => Count / 2, _ => 0 };
        Assert.AreEqual(best, candidates.Token(0));
        Assert.AreEqual(50, candidates.Count);
    }
}
