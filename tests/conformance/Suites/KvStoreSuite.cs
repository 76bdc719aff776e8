using Glm5.Core.Accelerator;
using Glm5.Tests.Conformance.Golden;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Suites;

/// <summary>The caches: what is written at a slot is read at its position, and blocks travel whole.</summary>
public abstract class KvStoreSuite(Tenant tenant) : ConformanceSuite(tenant)
{
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
