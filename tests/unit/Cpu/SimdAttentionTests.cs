using Glm5.Backends.CpuReference;
using Glm5.Core.Accelerator;

namespace Glm5.Tests.Unit.Cpu;

/// <summary>Sparse attention over the paged cache: right, and the same bits however the work is cut.</summary>
[TestClass]
public sealed class SimdAttentionTests
{
    private static readonly AttentionDims[] s_dims =
    [
        new(4, 48, 16, 32, 24, 32, 1e6f, true, 1e-5f),
        new(11, 24, 6, 20, 24, 44, 1e4f, false, 1e-5f),
        new(64, 192, 64, 256, 2048, 512, 1e6f, true, 1e-5f),
    ];

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    public void Attention_over_every_row_is_the_equations(int dims)
    {
        (int Sequence, int From, int Count)[] step = [(0, 0, 3), (1, 133, 2)];
        Near(Attend(s_dims[dims], step, null, 1, CpuVoice.Oracle), Attend(s_dims[dims], step, null, 2));
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    public void Attention_over_chosen_rows_is_the_equations(int dims)
    {
        (int Sequence, int From, int Count)[] step = [(0, 200, 1), (1, 0, 4)];
        int[] chosen = Choose(step, 37);
        Near(Attend(s_dims[dims], step, chosen, 1, CpuVoice.Oracle), Attend(s_dims[dims], step, chosen, 2));
    }

    [TestMethod]
    [DataRow(1, 1)]
    [DataRow(0, 9)]
    [DataRow(2, 1)]
    [DataRow(2, 7)]
    public void Any_number_of_threads_gives_the_same_bits(int dims, int tokens)
    {
        (int Sequence, int From, int Count)[] step = [(0, 300, tokens)];
        int[] chosen = Choose(step, 129);
        float[] one = Attend(s_dims[dims], step, chosen, 1);
        CollectionAssert.AreEqual(one, Attend(s_dims[dims], step, chosen, 2));
        CollectionAssert.AreEqual(one, Attend(s_dims[dims], step, chosen, 3));
    }

    [TestMethod]
    public void A_token_has_the_same_bits_alone_and_in_a_batch()
    {
        AttentionDims d = s_dims[1];
        float[] alone = Attend(d, [(0, 300, 1)], null, 2);
        float[] batch = Attend(d, [(0, 300, 7), (1, 20, 5)], null, 2);
        CollectionAssert.AreEqual(alone, batch[..alone.Length]);
    }

    [TestMethod]
    public void Choosing_every_row_has_the_bits_of_not_choosing()
    {
        (int Sequence, int From, int Count)[] step = [(0, 90, 6)];
        CollectionAssert.AreEqual(Attend(s_dims[0], step, null, 2), Attend(s_dims[0], step, Choose(step, 128), 2));
    }

    [TestMethod]
    [DataRow(0, KvFormat.BF16)]
    [DataRow(1, KvFormat.BF16)]
    [DataRow(2, KvFormat.BF16)]
    [DataRow(0, KvFormat.FP8)]
    [DataRow(1, KvFormat.FP8)]
    [DataRow(2, KvFormat.FP8)]
    public void Narrow_rows_have_the_bits_of_what_they_decode_to(int dims, KvFormat format)
    {
        AttentionDims d = s_dims[dims];
        (int Sequence, int From, int Count)[] step = [(0, 200, 1), (1, 0, 3), (0, 300, dims == 1 ? 9 : 1)];
        int[] chosen = Choose(step, 137);
        foreach (int threads in (int[])[1, 3])
        {
            using var rank = new PagedRank(threads);
            using CpuKvStore narrow = rank.Cache(d.Latent, d.Rope, 16, seed: 5, format), floats = rank.Decoded(narrow);
            float[] got = Attend(rank, narrow, d, rank.Plan(step), chosen);
            CollectionAssert.AreEqual(Attend(rank, floats, d, rank.Plan(step), chosen), got, $"{threads} threads");
            using var oracle = new PagedRank(1, CpuVoice.Oracle);
            using CpuKvStore same = oracle.Cache(d.Latent, d.Rope, 16, seed: 5, format);
            Near(Attend(oracle, same, d, oracle.Plan(step), chosen), got);
        }
    }

    [TestMethod]
    public void A_token_without_rows_attends_to_nothing()
    {
        float[] got = Attend(s_dims[0], [(0, 5, 1)], [-1, -1, -1], 2);
        CollectionAssert.AreEqual(new float[got.Length], got);
    }

    [TestMethod]
    [DataRow(1, KvFormat.F32)]
    [DataRow(8, KvFormat.F32)]
    [DataRow(1, KvFormat.FP8)]
    [DataRow(8, KvFormat.BF16)]
    public void A_step_allocates_nothing(int tokens, KvFormat format)
    {
        AttentionDims d = s_dims[1];
        using var rank = new PagedRank(2);
        using CpuKvStore kv = rank.Cache(d.Latent, d.Rope, 16, seed: 5, format);
        StepPlan plan = rank.Plan((0, 100, tokens));
        MlaQuery query = Query(rank, d, tokens);
        Selection selection = rank.Select(Choose([(0, 100, tokens)], 37), tokens);
        AttentionWeights weights = Weights(d);
        rank.Ops.SparseAttend(weights, query, plan, kv, selection);
        long before = GC.GetAllocatedBytesForCurrentThread();
        rank.Ops.SparseAttend(weights, query, plan, kv, selection);
        Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [TestMethod]
    public void A_block_outside_of_the_cache_is_refused()
    {
        using var rank = new PagedRank(1);
        using CpuKvStore small = new(new CpuMemory(), new KvSpec(1, 32, 16, 16, PagedRank.BlockSlots), 3);
        Assert.ThrowsExactly<ShapeException>(() => Attend(rank, small, s_dims[0], rank.Plan((0, 40, 1)), null));
    }

    /// <summary>For each token some random earlier positions, ascending; all of them where there are not enough.</summary>
    private static int[] Choose((int Sequence, int From, int Count)[] step, int k)
    {
        var random = new Random(k);
        List<int> chosen = [];
        foreach ((_, int from, int count) in step)
        {
            for (int position = from; position < from + count; position++)
            {
                int[] row = [.. Enumerable.Range(0, position + 1).OrderBy(_ => random.Next()).Take(k).Order()];
                chosen.AddRange([.. row, .. Enumerable.Repeat(-1, k - row.Length)]);
            }
        }

        return [.. chosen];
    }

    private static float[] Attend(
        AttentionDims d, (int Sequence, int From, int Count)[] step, int[]? chosen, int threads, CpuVoice voice = CpuVoice.Simd)
    {
        using var rank = new PagedRank(threads, voice);
        using CpuKvStore kv = rank.Cache(d.Latent, d.Rope, 16, seed: 5);
        return Attend(rank, kv, d, rank.Plan(step), chosen);
    }

    private static float[] Attend(PagedRank rank, CpuKvStore kv, AttentionDims d, StepPlan plan, int[]? chosen)
    {
        int tokens = plan.Layout.TokenCount;
        MlaQuery query = Query(rank, d, tokens);
        Selection selection = chosen is null ? Selection.Everything : rank.Select(chosen, tokens);
        return rank.Download(rank.Ops.SparseAttend(Weights(d), query, plan, kv, selection));
    }

    private static MlaQuery Query(PagedRank rank, AttentionDims d, int tokens)
    {
        var random = new Random(9);
        float[] absorbed = new float[tokens * d.Heads * d.Latent], rope = new float[tokens * d.Heads * d.Rope];
        for (int t = 0; t < tokens; t++)
        {
            SimdAttentionKernelTests.Values(random, d.Heads * d.Latent).CopyTo(absorbed, t * d.Heads * d.Latent);
            SimdAttentionKernelTests.Values(random, d.Heads * d.Rope).CopyTo(rope, t * d.Heads * d.Rope);
        }

        return new MlaQuery
        {
            Latent = default,
            Absorbed = rank.Upload(absorbed, tokens, d.Heads, d.Latent),
            Rope = rank.Upload(rope, tokens, d.Heads, d.Rope),
        };
    }

    private static AttentionWeights Weights(AttentionDims d) => new()
    {
        Layer = 0,
        Dims = d,
        QueryDown = null!,
        QueryNorm = null!,
        QueryUp = null!,
        LatentDown = null!,
        LatentNorm = null!,
        KeyUp = null!,
        ValueUp = null!,
        Output = null!,
        Indexer = null,
    };

    private static void Near(float[] expected, float[] got)
    {
        Assert.HasCount(expected.Length, got);
        for (int i = 0; i < got.Length; i++)
            Assert.AreEqual(expected[i], got[i], 2e-5f, $"element {i}");
    }
}
