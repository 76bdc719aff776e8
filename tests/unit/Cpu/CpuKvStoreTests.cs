using Glm5.Backends.CpuReference;
using Glm5.Core.Accelerator;
using Glm5.Core.Kv;

namespace Glm5.Tests.Unit.Cpu;

[TestClass]
public sealed class CpuKvStoreTests
{
    private const int Latent = 3, Rope = 2, Index = 4, Slots = 4, Blocks = 6;

    private static readonly KvSpec s_spec = new(Layers: 2, Latent, Rope, Index, Slots);

    // Positions 2 … 9 of a sequence whose blocks lie out of order.
    private static readonly BlockTable s_table = new([5, 1, 3], 3);

    [TestMethod]
    public void Rows_written_through_the_plan_are_read_by_position()
    {
        using var ranks = new CpuRanks(1);
        using KvStore kv = ranks.First.CreateKvStore(s_spec, Blocks);
        StepPlan plan = ranks.First.Plan(Layout(from: 2, count: 8));
        Write(ranks.First, kv, plan, layer: 1, count: 8);

        Tensor latent = ranks.First.Ops.Arena.Take(ElementType.F32, 3, Latent + Rope);
        kv.ReadLatent(1, plan, 0, 3, latent);
        CollectionAssert.AreEqual(
            new float[] { 10, 11, 12, -10, -11, 20, 21, 22, -20, -21, 30, 31, 32, -30, -31 },
            CpuRanks.Read(ranks.First, latent));
        Tensor keys = ranks.First.Ops.Arena.Take(ElementType.F32, 1, Index);
        kv.ReadIndexKeys(1, plan, 0, 9, keys);
        CollectionAssert.AreEqual(new float[] { 170, 171, 172, 173 }, CpuRanks.Read(ranks.First, keys));
    }

    [TestMethod]
    public void A_row_lies_at_its_slot_and_in_its_layer_alone()
    {
        using var ranks = new CpuRanks(1);
        using var kv = (CpuKvStore)ranks.First.CreateKvStore(s_spec, Blocks);
        Write(ranks.First, kv, ranks.First.Plan(Layout(from: 2, count: 8)), layer: 1, count: 8);

        // Position 4 is the first slot of the table's second block, 1.
        CollectionAssert.AreEqual(new float[] { 20, 21, 22, -20, -21 }, kv.Latent(1, 1 * Slots).ToArray());
        CollectionAssert.AreEqual(new float[Latent + Rope], kv.Latent(0, 1 * Slots).ToArray());
        CollectionAssert.AreEqual(new float[Latent + Rope], kv.Latent(1, 5 * Slots).ToArray());
    }

    [TestMethod]
    public void A_copied_block_holds_all_layers_of_the_original()
    {
        using var ranks = new CpuRanks(1);
        using KvStore kv = ranks.First.CreateKvStore(s_spec, Blocks);
        Fill(ranks.First, kv);
        kv.CopyBlock(1, 4);
        CollectionAssert.AreEqual(Exported(kv, 1), Exported(kv, 4));
        Assert.IsTrue(Array.Exists(Exported(kv, 4), static b => b != 0));
    }

    [TestMethod]
    public void An_export_is_imported_by_a_store_of_the_same_layout()
    {
        using var ranks = new CpuRanks(1);
        using KvStore from = ranks.First.CreateKvStore(s_spec, Blocks), to = ranks.First.CreateKvStore(s_spec, Blocks + 2);
        Fill(ranks.First, from);
        to.Import(7, Exported(from, 3));
        Assert.AreEqual(from.LayoutId, to.LayoutId);
        Assert.AreEqual(2 * Slots * (Latent + Rope + Index) * sizeof(float), from.BlockBytes);
        CollectionAssert.AreEqual(Exported(from, 3), Exported(to, 7));
        Assert.IsTrue(Array.TrueForAll(Exported(to, 6), static b => b == 0));
    }

    [TestMethod]
    [DataRow(KvFormat.F32)]
    [DataRow(KvFormat.FP8)]
    public void Moves_to_the_host_and_back_are_done_in_their_order(KvFormat format)
    {
        using var ranks = new CpuRanks(1);
        using KvStore kv = ranks.First.CreateKvStore(s_spec with { Format = format }, Blocks);
        Fill(ranks.First, kv);
        var host = new HostBlocks(2, kv.BlockBytes);
        byte[] one = Exported(kv, 1), three = Exported(kv, 3);
        host.Move([Keep(1, 1), Keep(3, 2), Recall(4, 1), Keep(5, 1), Recall(1, 2), Recall(3, 1)], kv);
        CollectionAssert.AreEqual(one, Exported(kv, 4), "back before its copy was replaced");
        CollectionAssert.AreEqual(three, Exported(kv, 1));
        CollectionAssert.AreEqual(Exported(kv, 5), Exported(kv, 3));
        CollectionAssert.AreNotEqual(one, three);

        static BlockMove Keep(int block, int copy) => new(BlockMoveKind.Keep, block, copy);
        static BlockMove Recall(int block, int copy) => new(BlockMoveKind.Recall, block, copy);
    }

    [TestMethod]
    public void Layouts_of_other_shapes_have_other_names()
    {
        using var ranks = new CpuRanks(1);
        using KvStore one = ranks.First.CreateKvStore(s_spec, Blocks);
        using KvStore other = ranks.First.CreateKvStore(s_spec with { BlockSlots = 2 * Slots }, Blocks);
        using KvStore narrow = ranks.First.CreateKvStore(s_spec with { Format = KvFormat.BF16 }, Blocks);
        Assert.AreNotEqual(one.LayoutId, other.LayoutId);
        Assert.AreNotEqual(one.LayoutId, narrow.LayoutId);
    }

    [TestMethod]
    public void Blocks_layers_and_sizes_outside_the_store_are_refused()
    {
        using var ranks = new CpuRanks(1);
        using KvStore kv = ranks.First.CreateKvStore(s_spec, Blocks);
        StepPlan plan = ranks.First.Plan(Layout(from: 0, count: 1));
        Assert.ThrowsExactly<ShapeException>(() => kv.CopyBlock(0, Blocks));
        Assert.ThrowsExactly<ShapeException>(() => kv.Export(0, new byte[kv.BlockBytes - 1]));
        Assert.ThrowsExactly<ShapeException>(() => Write(ranks.First, kv, plan, layer: 2, count: 1));
        Assert.ThrowsExactly<ShapeException>(() => Write(ranks.First, kv, plan, layer: 0, count: 2));
    }

    private static StepLayout Layout(int from, int count)
    {
        var layout = new StepLayout(16, 2, Slots);
        layout.AddSequence(s_table);
        for (int position = from; position < from + count; position++)
            layout.AddToken(0, position, wantsLogits: false);
        return layout;
    }

    /// <summary>Row t: latent 10t …, rope −10t …, index key 100 + 10t ….</summary>
    private static void Write(IAccelerator rank, KvStore kv, StepPlan plan, int layer, int count)
    {
        kv.WriteLatent(
            layer, plan, CpuRanks.Floats(rank, count, Rows(count, Latent, 0, 1)),
            CpuRanks.Floats(rank, count, Rows(count, Rope, 0, -1)));
        kv.WriteIndexKeys(layer, plan, CpuRanks.Floats(rank, count, Rows(count, Index, 100, 1)));
    }

    private static void Fill(IAccelerator rank, KvStore kv)
    {
        StepPlan plan = rank.Plan(Layout(from: 0, count: 12));
        Write(rank, kv, plan, layer: 0, count: 12);
        Write(rank, kv, plan, layer: 1, count: 12);
    }

    private static float[] Rows(int rows, int width, int offset, int sign)
    {
        float[] values = new float[rows * width];
        for (int i = 0; i < values.Length; i++)
            values[i] = sign * (offset + (10 * (i / width)) + (i % width));
        return values;
    }

    private static byte[] Exported(KvStore kv, int block)
    {
        byte[] bytes = new byte[kv.BlockBytes];
        kv.Export(block, bytes);
        return bytes;
    }
}
