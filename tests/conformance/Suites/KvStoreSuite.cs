using Glm5.Core.Accelerator;
using Glm5.Core.Weights.Formats;
using Glm5.Tests.Conformance.Golden;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Suites;

/// <summary>The caches: what is written at a slot is read at its position, and blocks travel whole.</summary>
public abstract class KvStoreSuite(Tenant tenant) : ConformanceSuite(tenant)
{
    /// <summary>The widths of GLM-5's rows, with little around them.</summary>
    private static readonly LayerShape s_realWidths = LayerShape.Glm5Rank(ElementType.BF16) with
    {
        Hidden = 256,
        Experts = 2,
        Inner = 64,
    };

    /// <summary>Absolute, on values in (-1, 1): exact for F32 caches, a rounding for narrower ones.</summary>
    private float CacheTolerance(IAccelerator accelerator) => accelerator.Capabilities.Arithmetic.KvCache == ElementType.F32 ? 0 : 0.05f;

    [TestMethod]
    [DataRow(32, 16, 32, 16)]
    [DataRow(512, 64, 128, 64)]
    public void Rows_are_read_at_the_positions_they_were_written_for(int latent, int rope, int index, int slots)
    {
        using var bench = new OpBench(OpenOne(), 1);
        KvStore kv = bench.Kv(new KvSpec(2, latent, rope, index, slots), 32);
        StepLayout layout = TwoSequences(slots);
        StepPlan plan = bench.Accelerator.Plan(layout);
        int tokens = layout.TokenCount;
        Tensor c = bench.Random(1, tokens, latent), r = bench.Random(1, tokens, rope), k = bench.Random(1, tokens, index);
        kv.WriteLatent(1, plan, c, r);
        kv.WriteIndexKeys(1, plan, k);
        for (int s = 0; s < 2; s++)
        {
            int first = layout.QueryStart[s], count = layout.QueryStart[s + 1] - first;
            Tensor rows = bench.Empty(count, latent + rope), keys = bench.Empty(count, index);
            kv.ReadLatent(1, plan, s, 0, rows);
            kv.ReadIndexKeys(1, plan, s, 0, keys);
            float[][] expected = Join(ModelUnderTest.Rows(bench.Accelerator, c.Slice(first, count)), ModelUnderTest.Rows(bench.Accelerator, r.Slice(first, count)));
            Near.Rows(expected, ModelUnderTest.Rows(bench.Accelerator, rows), CacheTolerance(bench.Accelerator), "latent rows");
            Near.Rows(ModelUnderTest.Rows(bench.Accelerator, k.Slice(first, count)), ModelUnderTest.Rows(bench.Accelerator, keys), CacheTolerance(bench.Accelerator), "index keys");
        }
    }

    [TestMethod]
    public void A_block_copied_or_exported_and_imported_reads_the_same()
    {
        using var bench = new OpBench(OpenOne(), 2);
        KvStore kv = bench.Kv(new KvSpec(2, 32, 16, 32, 16), 32);
        StepLayout layout = TwoSequences(16);
        StepPlan plan = bench.Accelerator.Plan(layout);
        for (int layer = 0; layer < 2; layer++)
        {
            kv.WriteLatent(layer, plan, bench.Random(1, layout.TokenCount, 32), bench.Random(1, layout.TokenCount, 16));
            kv.WriteIndexKeys(layer, plan, bench.Random(1, layout.TokenCount, 32));
        }

        byte[] original = Export(kv, layout.BlockTables[0].Blocks[0]), untouched = Export(kv, layout.BlockTables[1].Blocks[0]);
        kv.CopyBlock(layout.BlockTables[0].Blocks[0], 30);
        kv.Import(31, original);
        CollectionAssert.AreEqual(original, Export(kv, 30));
        CollectionAssert.AreEqual(original, Export(kv, 31));
        CollectionAssert.AreEqual(untouched, Export(kv, layout.BlockTables[1].Blocks[0]));
        CollectionAssert.AreNotEqual(original, untouched);
    }

    [TestMethod]
    public void Rows_are_rounded_as_each_format_says()
    {
        foreach ((int latent, int rope, int index) in new[] { (32, 16, 32), (512, 64, 128), (200, 6, 130) })
        {
            foreach (KvFormat format in Formats())
            {
                using var bench = new OpBench(OpenOne(), 3);
                KvStore kv = bench.Kv(new KvSpec(1, latent, rope, index, 16) { Format = format }, 32);
                StepPlan plan = bench.Accelerator.Plan(TwoSequences(16));
                Tensor c = bench.Random(3, 24, latent), r = bench.Random(3, 24, rope), k = bench.Random(3, 24, index);
                kv.WriteLatent(0, plan, c, r);
                kv.WriteIndexKeys(0, plan, k);
                Tensor rows = bench.Empty(21, latent + rope), keys = bench.Empty(21, index);
                kv.ReadLatent(0, plan, 0, 0, rows);
                kv.ReadIndexKeys(0, plan, 0, 0, keys);
                Near.Rows(
                    Join(Rounded(bench, c, format, false), Rounded(bench, r, format == KvFormat.FP8 ? KvFormat.BF16 : format, false)),
                    ModelUnderTest.Rows(bench.Accelerator, rows), 0, $"{format} latent rows");
                Near.Rows(Rounded(bench, k, format, true), ModelUnderTest.Rows(bench.Accelerator, keys), 0, $"{format} index keys");
            }
        }
    }

    [TestMethod]
    public void Attention_and_selection_over_each_format_agree_with_the_reference_that_rounds_alike()
    {
        foreach (LayerShape shape in (LayerShape[])[LayerShape.Tiny(ElementType.BF16), s_realWidths])
        {
            using var reference = new LayerBench(TestedBackends.ReferenceOf(Tenant).Open(1, 256 << 20)[0], shape, 31);
            using var tested = new LayerBench(OpenOne(256 << 20), shape, 31);
            foreach (KvFormat format in Formats())
            {
                (float[] expected, int[] expectedChoice) = Attend(reference, format);
                bool isExact = Tenant.Arithmetic == Arithmetic.F32;
                (float[] attended, int[] choice) = Attend(tested, format, isExact ? null : expectedChoice);
                if (isExact)
                    CollectionAssert.AreEqual(expectedChoice, choice, $"{format}: selected positions");
                StepsSuite.Agree(expected, attended, $"{format}: attended latents", Bounds.Steps(Tenant.Arithmetic, shape.Weights));
            }
        }
    }

    private IEnumerable<KvFormat> Formats()
    {
        using IAccelerator accelerator = OpenOne();
        return [.. accelerator.Capabilities.KvFormats];
    }

    /// <summary>
    /// Attention of a step's last token, over rows that are given as floats and rounded by the store; to the
    /// <paramref name="chosen"/> positions where they are given.
    /// </summary>
    private static (float[] Attended, int[] Selected) Attend(LayerBench layer, KvFormat format, int[]? chosen = null)
    {
        (OpBench bench, LayerShape shape, AttentionDims d) = (layer.Bench, layer.Shape, layer.Shape.Attention);
        KvStore kv = bench.Kv(new KvSpec(1, d.Latent, d.Rope, shape.Indexer.Width, 16) { Format = format }, 16);
        StepPlan first = layer.Plan(from: 0, count: 38, others: 2);
        kv.WriteLatent(0, first, bench.Random(1, 40, d.Latent), bench.Random(1, 40, d.Rope));
        kv.WriteIndexKeys(0, first, bench.Random(1, 40, shape.Indexer.Width));
        StepPlan plan = layer.Plan(from: 37, count: 1, others: 1);
        Tensor x = bench.Random(1, 2, shape.Hidden), latent = bench.Random(1, 2, d.QueryLatent);
        Selection selection = layer.NewSelection(plan);
        layer.Ops.SelectTokens(layer.Attention, x, latent, plan, kv, selection);
        if (chosen is { Length: > 0 })
            selection = new Selection(bench.Of(chosen, 2, shape.Indexer.TopK));
        var query = new MlaQuery
        {
            Latent = latent,
            Absorbed = bench.Random(1, 2, d.Heads, d.Latent),
            Rope = bench.Random(1, 2, d.Heads, d.Rope),
        };
        Tensor attended = layer.Ops.SparseAttend(layer.Attention, query, plan, kv, selection);
        return (bench.Floats(attended), selection.IsEverything ? [] : bench.Integers(selection.Positions));
    }

    /// <summary>The first 21 rows after rounding: by the formats' definitions in core, and nothing of a backend's.</summary>
    private static float[][] Rounded(OpBench bench, Tensor values, KvFormat format, bool roundsScales) =>
        [.. ModelUnderTest.Rows(bench.Accelerator, values).Take(21).Select(row => format switch
        {
            KvFormat.F32 => row,
            KvFormat.BF16 => [.. row.Select(v => Bf16.ToFloat(Bf16.FromFloat(v)))],
            _ => row.Chunk(KvFormats.TileWidth).SelectMany(tile => Coded(tile, roundsScales)).ToArray(),
        })];

    private static IEnumerable<float> Coded(float[] tile, bool roundsScale)
    {
        float scale = tile.Max(MathF.Abs) / Fp8E4M3.Largest;
        if (roundsScale)
            scale = MathF.Pow(2, MathF.Ceiling(MathF.Log2(scale)));
        return tile.Select(value => Fp8E4M3.ToFloat(Fp8E4M3.FromFloat(value / scale)) * scale);
    }

    private static byte[] Export(KvStore kv, int block)
    {
        byte[] bytes = new byte[kv.BlockBytes];
        kv.Export(block, bytes);
        return bytes;
    }

    /// <summary>21 and 3 tokens, from position 0, in blocks whose ids do not ascend.</summary>
    private static StepLayout TwoSequences(int slots)
    {
        var layout = new StepLayout(32, 4, slots);
        layout.Clear();
        foreach ((BlockTable blocks, int count) in new[] { (new BlockTable([7, 3], 2), 21), (new BlockTable([5], 1), 3) })
        {
            layout.AddSequence(blocks);
            for (int position = 0; position < count; position++)
                layout.AddToken(position, position, wantsLogits: false);
        }

        return layout;
    }

    private static float[][] Join(float[][] left, float[][] right) => [.. left.Zip(right, (l, r) => (float[])[.. l, .. r])];
}
