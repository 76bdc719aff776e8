using Glm5.Backends.CpuReference;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Tests.Unit.Cpu;

/// <summary>Grouped experts and dense networks against the oracle, and against themselves in other batches.</summary>
[TestClass]
public sealed class SimdNetworkTests
{
    private const int Hidden = 72, Experts = 5, Choices = 2;

    [TestMethod]
    [DataRow(ElementType.BF16, 40, true)]
    [DataRow(ElementType.BF16, 512, false)]
    [DataRow(ElementType.F8E4M3, 256, true)]
    [DataRow(ElementType.F8E4M3, 24, true)]
    [DataRow(ElementType.F32, 64, true)]
    public void Experts_agree_with_the_oracle_and_with_themselves_in_any_batch(ElementType type, int inner, bool hasShared)
    {
        const int Tokens = 23;
        float[] x = SimdRank.Values(Tokens * Hidden, 1), weights = SimdRank.Values(Tokens * Choices, 2);
        int[] experts = Chosen(Tokens);
        using var oracle = new SimdRank(1, CpuVoice.Oracle);
        float[] expected = Run(oracle, type, inner, hasShared, x, experts, weights);
        using var alone = new SimdRank(1);
        using var team = new SimdRank(3);
        float[] got = Run(team, type, inner, hasShared, x, experts, weights);
        Near(expected, got);
        for (int t = 0; t < Tokens; t++)
        {
            float[] one = Run(
                alone, type, inner, hasShared, x[(t * Hidden)..((t + 1) * Hidden)], experts[(t * Choices)..((t + 1) * Choices)],
                weights[(t * Choices)..((t + 1) * Choices)]);
            CollectionAssert.AreEqual(got[(t * Hidden)..((t + 1) * Hidden)], one, $"token {t} alone");
        }
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(9)]
    public void A_dense_network_agrees_with_the_oracle(int tokens)
    {
        float[] x = SimdRank.Values(tokens * Hidden, 3);
        using var oracle = new SimdRank(1, CpuVoice.Oracle);
        using var team = new SimdRank(2);
        Near(Dense(oracle, x), Dense(team, x));
    }

    [TestMethod]
    public void Experts_that_do_not_exist_are_refused()
    {
        using var rank = new SimdRank(1);
        AcceleratorException failure = Assert.ThrowsExactly<AcceleratorException>(
            () => Run(rank, ElementType.BF16, 40, true, SimdRank.Values(Hidden, 1), [1, -1], [1f, 1f]));
        Assert.Contains("expert -1", failure.Message);
    }

    [TestMethod]
    [DataRow(CpuVoice.Simd, -1)]
    [DataRow(CpuVoice.Simd, 3)]
    [DataRow(CpuVoice.Composed, 3)]
    [DataRow(CpuVoice.Oracle, -1)]
    [DataRow(CpuVoice.Oracle, 3)]
    public void Pairs_of_an_expert_that_does_not_exist_are_not_sorted(CpuVoice voice, int expert)
    {
        using var rank = new SimdRank(1, voice);
        AcceleratorException failure = Assert.ThrowsExactly<AcceleratorException>(() => Group(rank, [0, expert, 2, 1], 3));
        Assert.Contains("the layer has 3", failure.Message);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public void A_network_allocates_nothing_once_it_has_run(int threads)
    {
        using var rank = new SimdRank(threads);
        MoeWeights moe = Moe(rank, ElementType.BF16, 40, hasShared: true);
        PackedWeight norm = Norm(rank);
        using ActivationArena.Scope scope = rank.Ops.Arena.Open();
        Tensor x = rank.Upload(SimdRank.Values(11 * Hidden, 1), 11);
        Tensor residual = rank.Upload(new float[11 * Hidden], 11), normed = rank.Upload(new float[11 * Hidden], 11);
        PartialSum sum = rank.Ops.NewPartialSum(11, Hidden);
        long before = 0;
        for (int run = 0; run < 4; run++)
        {
            before = run == 1 ? GC.GetAllocatedBytesForCurrentThread() : before;
            rank.Ops.Moe(moe, x, sum);
            rank.Ops.ReduceAddNorm(sum, residual, norm, 1e-5f, normed);
            rank.Ops.Mlp(moe.Shared!, normed, sum);
        }

        Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Group(SimdRank rank, int[] pairs, int experts)
    {
        ActivationArena arena = rank.Ops.Arena;
        Tensor tokenOf = arena.Take(ElementType.I32, pairs.Length), sortedRow = arena.Take(ElementType.I32, pairs.Length);
        rank.Ops.GroupByExpert(
            rank.Upload(pairs, pairs.Length / Choices), tokenOf, sortedRow, arena.Take(ElementType.I32, experts + 1));
    }

    private static float[] Dense(SimdRank rank, float[] x)
    {
        using ActivationArena.Scope scope = rank.Ops.Arena.Open();
        long tokens = x.Length / Hidden;
        PartialSum sum = rank.Ops.NewPartialSum(tokens, Hidden);
        rank.Ops.Mlp(Network(rank, ElementType.BF16, 1, 104, 50), rank.Upload(x, tokens), sum);
        return Reduced(rank, sum);
    }

    private static float[] Run(
        SimdRank rank, ElementType type, int inner, bool hasShared, float[] x, int[] experts, float[] weights)
    {
        using ActivationArena.Scope scope = rank.Ops.Arena.Open();
        long tokens = x.Length / Hidden;
        PartialSum sum = rank.Ops.NewPartialSum(tokens, Hidden);
        var routes = new Routes(rank.Upload(experts, tokens), rank.Upload(weights, tokens));
        rank.Ops.RunExperts(Moe(rank, type, inner, hasShared), rank.Upload(x, tokens), routes, sum);
        return Reduced(rank, sum);
    }

    /// <summary>The sum itself: what reducing leaves of a residual of zeros.</summary>
    private static float[] Reduced(SimdRank rank, PartialSum sum)
    {
        Tensor residual = rank.Upload(new float[sum.Tokens * Hidden], sum.Tokens);
        rank.Ops.ReduceAddNorm(sum, residual, Norm(rank), 1e-5f, rank.Ops.Arena.Take(ElementType.F32, sum.Tokens, Hidden));
        return rank.Download(residual);
    }

    private static PackedWeight Norm(SimdRank rank) =>
        rank.Pack(WeightRole.Vector, StoredMatrix.F32("norm", 1, SimdRank.Values(Hidden, 9)));

    private static MoeWeights Moe(SimdRank rank, ElementType type, int inner, bool hasShared) => new()
    {
        Layer = 0,
        Router = rank.Pack(WeightRole.Router, StoredMatrix.Make(ElementType.BF16, Experts, Hidden, 30)),
        CorrectionBias = rank.Pack(WeightRole.Vector, StoredMatrix.F32("bias", 1, new float[Experts])),
        Experts = Network(rank, type, Experts, inner, 10),
        Shared = hasShared ? Network(rank, type, 1, inner, 20) : null,
        ExpertsPerToken = Choices,
        Normalize = true,
        ScalingFactor = 2.5f,
    };

    private static MlpWeights Network(SimdRank rank, ElementType type, int networks, int inner, int seed)
    {
        var gateUp = new WeightSource[2 * networks];
        var down = new WeightSource[networks];
        for (int e = 0; e < networks; e++)
        {
            gateUp[2 * e] = StoredMatrix.Make(type, inner, Hidden, seed + (3 * e));
            gateUp[(2 * e) + 1] = StoredMatrix.Make(type, inner, Hidden, seed + (3 * e) + 1);
            down[e] = StoredMatrix.Make(type, Hidden, inner, seed + (3 * e) + 2);
        }

        return new MlpWeights(rank.Pack(WeightRole.GateUp, gateUp), rank.Pack(WeightRole.RowParallel, down));
    }

    /// <summary>Two different experts a token, ascending; expert 3 gets none.</summary>
    private static int[] Chosen(int tokens)
    {
        var random = new Random(4);
        int[] usable = [0, 1, 2, 4];
        var chosen = new int[tokens * Choices];
        for (int t = 0; t < tokens; t++)
        {
            int first = random.Next(usable.Length - 1);
            (chosen[2 * t], chosen[(2 * t) + 1]) = (usable[first], usable[random.Next(first + 1, usable.Length)]);
        }

        return chosen;
    }

    private static void Near(float[] expected, float[] got)
    {
        float scale = expected.Max(MathF.Abs);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], got[i], 2e-5f * scale, $"element {i}");
    }
}
