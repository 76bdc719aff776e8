using Glm5.Backends.CpuReference;
using Glm5.Core.Accelerator;

namespace Glm5.Tests.Unit.Cpu;

/// <summary>The indexer over the paged key cache: right, and the same bits however the work is cut.</summary>
[TestClass]
public sealed class SimdIndexerTests
{
    private const int Hidden = 64, QueryLatent = 40;

    private static readonly IndexerDims[] s_dims =
        [new(8, 32, 16, 16, true), new(5, 24, 6, 7, false), new(32, 128, 64, 48, true), new(40, 20, 8, 9, true)];

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void Scores_and_choices_are_the_equations(int dims)
    {
        (int Sequence, int From, int Count)[] step = [(0, 120, 3), (1, 0, 19), (0, 300, 1)];
        (int[] expected, List<float[]> expectedScores) = Select(s_dims[dims], 1, trace: true, CpuVoice.Oracle, step);
        (int[] got, List<float[]> scores) = Select(s_dims[dims], 2, trace: true, CpuVoice.Simd, step);
        CollectionAssert.AreEqual(expected, got);
        Assert.HasCount(expectedScores.Count, scores);
        for (int t = 0; t < scores.Count; t++)
        {
            Assert.HasCount(expectedScores[t].Length, scores[t], $"token {t}");
            for (int j = 0; j < scores[t].Length; j++)
                Assert.AreEqual(expectedScores[t][j], scores[t][j], 1e-3f * expectedScores[t].Max(MathF.Abs), $"token {t}, position {j}");
        }
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void Scores_have_the_same_bits_for_any_threads_batch_and_chunk(int dims)
    {
        IndexerDims d = s_dims[dims];
        List<float[]> alone = Scores(d, 1, [(0, 290, 22)]);
        Same(alone, Scores(d, 2, [(0, 290, 22)]));
        Same(alone, Scores(d, 3, [(0, 290, 22), (1, 30, 9)])[..22]);
        Same(alone, Scores(d, 2, [(0, 290, 1)], [(0, 291, 13)], [(0, 304, 8)]));
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    public void Watching_the_scores_does_not_change_the_choice(int dims)
    {
        (int Sequence, int From, int Count)[] step = [(0, 5, 60), (1, 199, 1)];
        int[] watched = Select(s_dims[dims], 2, trace: true, CpuVoice.Simd, step).Chosen;
        CollectionAssert.AreEqual(watched, Select(s_dims[dims], 2, trace: false, CpuVoice.Simd, step).Chosen);
        CollectionAssert.AreEqual(watched, Select(s_dims[dims], 1, trace: false, CpuVoice.Simd, step).Chosen);
        CollectionAssert.AreEqual(watched, Select(s_dims[dims], 3, trace: false, CpuVoice.Simd, step).Chosen);
    }

    [TestMethod]
    [DataRow(0, KvFormat.BF16)]
    [DataRow(2, KvFormat.BF16)]
    [DataRow(0, KvFormat.FP8)]
    [DataRow(1, KvFormat.FP8)]
    [DataRow(2, KvFormat.FP8)]
    public void Narrow_keys_have_the_scores_of_what_they_decode_to(int dims, KvFormat format)
    {
        IndexerDims d = s_dims[dims];
        using var rank = new PagedRank(2);
        using CpuKvStore narrow = rank.Cache(32, 16, d.Width, seed: 5, format), floats = rank.Decoded(narrow);
        Same(Scores(rank, floats, d), Scores(rank, narrow, d));

        static List<float[]> Scores(PagedRank rank, CpuKvStore kv, IndexerDims d)
        {
            var scores = new RecordedScores(rank);
            rank.Ops.Trace = scores;
            // The step's own keys are rounded as it writes them: the narrow cache's are compared from before it.
            Run(rank, kv, d, rank.Plan((0, 205, 1), (1, 90, 6)), new Random(3));
            rank.Ops.Trace = null;
            return [.. scores.Rows.Select((row, t) => row[..(t == 0 ? 205 : 90)])];
        }
    }

    [TestMethod]
    public void A_position_whose_key_is_no_number_is_never_chosen()
    {
        using var rank = new PagedRank(2);
        IndexerDims d = s_dims[0];
        using CpuKvStore kv = rank.Cache(32, 16, d.Width, seed: 5);
        StepPlan plan = rank.Plan((0, 100, 1));
        BlockTable blocks = plan.Layout.BlockTables[0];
        for (int position = 8; position < 100; position++)
            kv.IndexKey(0, blocks.SlotOf(position, PagedRank.BlockSlots))[3] = float.NaN;
        int[] chosen = Run(rank, kv, d, plan, new Random(3));
        CollectionAssert.AreEqual((int[])[0, 1, 2, 3, 4, 5, 6, 7, 100, -1, -1, -1, -1, -1, -1, -1], chosen);
    }

    private static void Same(List<float[]> expected, List<float[]> got)
    {
        Assert.HasCount(expected.Count, got);
        for (int t = 0; t < got.Count; t++)
            CollectionAssert.AreEqual(expected[t], got[t], $"token {t}");
    }

    /// <summary>Scores of all tokens of some steps over one cache.</summary>
    private static List<float[]> Scores(IndexerDims d, int threads, params (int Sequence, int From, int Count)[][] steps)
    {
        using var rank = new PagedRank(threads);
        using CpuKvStore kv = rank.Cache(32, 16, d.Width, seed: 5);
        var scores = new RecordedScores(rank);
        rank.Ops.Trace = scores;
        var random = new Random(3);
        foreach ((int Sequence, int From, int Count)[] step in steps)
            Run(rank, kv, d, rank.Plan(step), random);
        return scores.Rows;
    }

    private static (int[] Chosen, List<float[]> Scores) Select(
        IndexerDims d, int threads, bool trace, CpuVoice voice, (int Sequence, int From, int Count)[] step)
    {
        using var rank = new PagedRank(threads, voice);
        using CpuKvStore kv = rank.Cache(32, 16, d.Width, seed: 5);
        var scores = new RecordedScores(rank);
        rank.Ops.Trace = trace ? scores : null;
        return (Run(rank, kv, d, rank.Plan(step), new Random(3)), scores.Rows);
    }

    private static int[] Run(PagedRank rank, CpuKvStore kv, IndexerDims d, StepPlan plan, Random random)
    {
        int tokens = plan.Layout.TokenCount;
        float[] x = new float[tokens * Hidden], latent = new float[tokens * QueryLatent];
        for (int t = 0; t < tokens; t++)
        {
            SimdAttentionKernelTests.Values(random, Hidden).CopyTo(x, t * Hidden);
            SimdAttentionKernelTests.Values(random, QueryLatent).CopyTo(latent, t * QueryLatent);
        }

        Selection selection = rank.Select(new int[tokens * d.TopK], tokens);
        rank.Ops.SelectTokens(
            Weights(rank, d), rank.Upload(x, tokens, Hidden), rank.Upload(latent, tokens, QueryLatent), plan, kv, selection);
        return rank.DownloadInts(selection.Positions);
    }

    private static AttentionWeights Weights(PagedRank rank, IndexerDims d) => new()
    {
        Layer = 0,
        Dims = new AttentionDims(4, 48, 16, 32, QueryLatent, 32, 1e6f, true, 1e-5f),
        Indexer = new IndexerWeights
        {
            Dims = d,
            QueryUp = rank.Pack(StoredMatrix.Make(ElementType.BF16, d.Heads * d.Width, QueryLatent, 1), WeightRole.Linear),
            Key = rank.Pack(StoredMatrix.Make(ElementType.BF16, d.Width, Hidden, 2), WeightRole.Linear),
            KeyNorm = rank.Pack(StoredMatrix.Make(ElementType.F32, 1, d.Width, 3), WeightRole.Vector),
            KeyNormBias = rank.Pack(StoredMatrix.Make(ElementType.F32, 1, d.Width, 4), WeightRole.Vector),
            HeadWeights = rank.Pack(StoredMatrix.Make(ElementType.BF16, d.Heads, Hidden, 5), WeightRole.Linear),
        },
        QueryDown = null!,
        QueryNorm = null!,
        QueryUp = null!,
        LatentDown = null!,
        LatentNorm = null!,
        KeyUp = null!,
        ValueUp = null!,
        Output = null!,
    };

    private sealed class RecordedScores(PagedRank rank) : StepTrace
    {
        public List<float[]> Rows { get; } = [];

        public override void Record(TracePoint point, int layer, Tensor value)
        {
            if (point == TracePoint.IndexScores)
                Rows.Add(rank.Download(value));
        }
    }
}
