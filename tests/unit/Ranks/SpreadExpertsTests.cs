using Glm5.Backends.CpuReference;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;
using Glm5.Tests.Unit.Cpu;

namespace Glm5.Tests.Unit.Ranks;

/// <summary>Whole experts on each of several ranks, in one group or several, against one rank that has them all.</summary>
[TestClass]
public sealed class SpreadExpertsTests
{
    private const int Hidden = 200, Inner = 48, Experts = 11, Choices = 3;
    private const long ArenaBytes = 96 << 20;

    /// <summary>Tokens of each group: none but padding, few, and more than a tile of results holds at once.</summary>
    private static readonly int[] s_tokens = [37, 1, 5, 700];

    [TestMethod]
    [DataRow(CpuVoice.Simd, 1, 2)]
    [DataRow(CpuVoice.Simd, 1, 8)]
    [DataRow(CpuVoice.Simd, 2, 1)]
    [DataRow(CpuVoice.Simd, 2, 4)]
    [DataRow(CpuVoice.Simd, 4, 2)]
    [DataRow(CpuVoice.Simd, 3, 1)]
    [DataRow(CpuVoice.Oracle, 1, 4)]
    [DataRow(CpuVoice.Oracle, 2, 2)]
    [DataRow(CpuVoice.Oracle, 3, 1)]
    public void Every_token_gets_the_bits_of_one_rank(CpuVoice voice, int groups, int ranksPerGroup)
    {
        float[][] spread = Run(voice, groups, ranksPerGroup, Tokens(voice, groups), hasShared: true);
        for (int g = 0; g < groups; g++)
            CollectionAssert.AreEqual(Alone(voice, g, Tokens(voice, groups)[g], hasShared: true), spread[g], $"group {g}");
    }

    [TestMethod]
    public void Experts_without_a_shared_one_keep_the_bits_too()
    {
        float[][] spread = Run(CpuVoice.Simd, 2, 2, [4, 9], hasShared: false);
        CollectionAssert.AreEqual(Alone(CpuVoice.Simd, 0, 4, hasShared: false), spread[0]);
        CollectionAssert.AreEqual(Alone(CpuVoice.Simd, 1, 9, hasShared: false), spread[1]);
    }

    [TestMethod]
    [DataRow(1, 4)]
    [DataRow(2, 1)]
    [DataRow(2, 2)]
    [DataRow(3, 2)]
    public void The_contracts_own_body_agrees_with_the_oracle(int groups, int ranksPerGroup)
    {
        int[] tokens = [.. s_tokens[..groups]];
        float[][] spread = Run(CpuVoice.Composed, groups, ranksPerGroup, tokens, hasShared: true);
        for (int g = 0; g < groups; g++)
        {
            float[] expected = Alone(CpuVoice.Oracle, g, tokens[g], hasShared: true);
            float scale = expected.Max(MathF.Abs);
            for (int i = 0; i < expected.Length; i++)
                Assert.AreEqual(expected[i], spread[g][i], 2e-5f * scale, $"group {g}, element {i}");
        }
    }

    [TestMethod]
    public void Experts_are_dealt_out_evenly_and_each_has_one_holder()
    {
        for (int experts = 1; experts <= 40; experts++)
        {
            for (int ranks = 1; ranks <= experts; ranks++)
            {
                int next = 0;
                for (int r = 0; r < ranks; r++)
                {
                    var span = ExpertSpan.Of(r, ranks, experts);
                    Assert.AreEqual(next, span.First);
                    Assert.IsTrue(span.Count == experts / ranks || span.Count == (experts / ranks) + 1);
                    for (int e = next; e < next + span.Count; e++)
                        Assert.AreEqual(r, ExpertSpan.HolderOf(e, ranks, experts));
                    next += span.Count;
                }

                Assert.AreEqual(experts, next);
            }
        }
    }

    [TestMethod]
    public void A_rank_that_fails_in_one_group_stops_those_of_the_others()
    {
        IReadOnlyList<IAccelerator> ranks = new CpuBackend(CpuVoice.Simd).Open(new DeviceRequest(2, ArenaBytes) { Groups = 2 });
        string[] reasons = new string[4];
        CpuRanks.Parallel(4, r =>
        {
            if (r == 1)
                ranks[r].Collectives.Abort("its device fell off");
            else
                reasons[r] = Assert.ThrowsExactly<AcceleratorException>(() => MeetForEver(ranks[r].Collectives.Across!)).Message;
        });
        foreach (int waiting in (int[])[0, 2, 3])
            Assert.Contains("rank 1: its device fell off", reasons[waiting]);
        foreach (IAccelerator rank in ranks)
            rank.Dispose();
    }

    private static void MeetForEver(Collectives peers)
    {
        while (true)
            peers.Barrier();
    }

    private static int[] Tokens(CpuVoice voice, int groups) =>
        voice == CpuVoice.Oracle ? [.. s_tokens[..groups]] : [.. s_tokens.Skip(s_tokens.Length - groups)];

    private static float[] Alone(CpuVoice voice, int group, int tokens, bool hasShared)
    {
        IAccelerator rank = new CpuBackend(voice).Open(new DeviceRequest(1, ArenaBytes))[0];
        float[] result = Layer(rank, new Shard(0, 1, null), Input(group, tokens), hasShared);
        rank.Dispose();
        return result;
    }

    /// <summary>What rank 0 of each group has afterwards; the others must have the same.</summary>
    private static float[][] Run(CpuVoice voice, int groups, int ranksPerGroup, int[] tokens, bool hasShared)
    {
        IReadOnlyList<IAccelerator> ranks = new CpuBackend(voice).Open(
            new DeviceRequest(ranksPerGroup, ArenaBytes, Threads: 2) { Groups = groups });
        float[][] results = new float[ranks.Count][];
        CpuRanks.Parallel(ranks.Count, r =>
        {
            int group = r / ranksPerGroup;
            try
            {
                var shard = new Shard(r % ranksPerGroup, ranksPerGroup, ExpertSpan.Of(r, ranks.Count, Experts));
                // Twice: what the first run leaves behind must not matter.
                _ = Layer(ranks[r], shard, Input(group + 7, tokens[group]), hasShared);
                results[r] = Layer(ranks[r], shard, Input(group, tokens[group]), hasShared);
            }
            catch (Exception e)
            {
                ranks[r].Collectives.Abort(e.Message);
                throw;
            }
        });
        foreach (IAccelerator rank in ranks)
            rank.Dispose();
        for (int r = 0; r < results.Length; r++)
            CollectionAssert.AreEqual(results[r / ranksPerGroup * ranksPerGroup], results[r], $"rank {r}");
        return [.. Enumerable.Range(0, groups).Select(g => results[g * ranksPerGroup])];
    }

    private static float[] Input(int group, int tokens) => SimdRank.Values(tokens * Hidden, 100 + group);

    /// <summary>The experts' sum for some tokens: what reducing leaves of a residual of zeros.</summary>
    private static float[] Layer(IAccelerator rank, Shard shard, float[] x, bool hasShared)
    {
        long tokens = x.Length / Hidden;
        using ActivationArena.Scope scope = rank.Ops.Arena.Open();
        Tensor input = CpuRanks.Floats(rank, tokens, x);
        Tensor residual = CpuRanks.Floats(rank, tokens, new float[x.Length]);
        Tensor normed = rank.Ops.Arena.Take(ElementType.F32, tokens, Hidden);
        PartialSum sum = rank.Ops.NewPartialSum(tokens, Hidden);
        rank.Ops.Moe(Weights(rank, shard, hasShared), input, sum);
        rank.Ops.ReduceAddNorm(
            sum, residual, CpuRanks.Vector(rank, SimdRank.Values(Hidden, 9)), 1e-5f, normed);
        return CpuRanks.Read(rank, residual);
    }

    private static MoeWeights Weights(IAccelerator rank, Shard shard, bool hasShared)
    {
        ExpertSpan span = shard.Held ?? new ExpertSpan(0, Experts);
        var gateUp = new WeightSource[2 * span.Count];
        var down = new WeightSource[span.Count];
        for (int i = 0; i < span.Count; i++)
            (gateUp[2 * i], gateUp[(2 * i) + 1], down[i]) = Network(10 + (3 * (span.First + i)));
        return new MoeWeights
        {
            Layer = 0,
            Router = rank.Pack([StoredMatrix.Make(ElementType.F32, Experts, Hidden, 3)], WeightRole.Router),
            CorrectionBias = CpuRanks.Vector(rank, SimdRank.Values(Experts, 4)),
            Experts = new MlpWeights(
                rank.Pack(gateUp, WeightRole.GateUp),
                rank.Pack(down, shard.Held is null ? WeightRole.RowParallel : WeightRole.ExpertDown)),
            Held = shard.Held,
            Shared = hasShared ? Shared(rank, shard) : null,
            ExpertsPerToken = Choices,
            Normalize = true,
            ScalingFactor = 2.5f,
        };
    }

    private static MlpWeights Shared(IAccelerator rank, Shard shard)
    {
        (WeightSource gate, WeightSource up, WeightSource down) = Network(1000);
        int share = Inner / shard.Size, first = shard.Rank * share;
        return new MlpWeights(
            rank.Pack([gate.RowSlice(first, share), up.RowSlice(first, share)], WeightRole.GateUp),
            rank.Pack([down.ColumnSlice(first, share)], WeightRole.RowParallel));
    }

    private static (WeightSource Gate, WeightSource Up, WeightSource Down) Network(int seed) => (
        StoredMatrix.Make(ElementType.BF16, Inner, Hidden, seed), StoredMatrix.Make(ElementType.BF16, Inner, Hidden, seed + 1),
        StoredMatrix.Make(ElementType.BF16, Hidden, Inner, seed + 2));

    private sealed record Shard(int Rank, int Size, ExpertSpan? Held);
}
