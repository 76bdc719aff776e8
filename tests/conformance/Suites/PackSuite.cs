using Glm5.Core.Accelerator;
using Glm5.Core.Weights;
using Glm5.Tests.Conformance.Tenants;

namespace Glm5.Tests.Conformance.Suites;

/// <summary>Packed weights compute what the stored ones say, whole or cut, in every stored format.</summary>
public abstract class PackSuite(Tenant tenant) : ConformanceSuite(tenant)
{
    [TestMethod]
    [DataRow(ElementType.F32)]
    [DataRow(ElementType.BF16)]
    [DataRow(ElementType.F8E4M3)]
    public void Embedding_rows_are_the_decoded_rows(ElementType type)
    {
        using var bench = new OpBench(OpenOne(), 51);
        WeightSource table = bench.Weight(type, 300, 257);
        Tensor into = bench.Empty(2, 257);
        bench.Ops.Embed(bench.Pack(table, WeightRole.Embedding), bench.Of([299, 130], 2), into);
        float[] stored = OpBench.Decode(table);
        CollectionAssert.AreEqual((float[])[.. stored[(299 * 257)..], .. stored[(130 * 257)..(131 * 257)]], bench.Floats(into));
    }

    [TestMethod]
    [DataRow(ElementType.BF16)]
    [DataRow(ElementType.F8E4M3)]
    [DataRow(ElementType.I8)]
    public void A_shard_keeps_the_scales_of_the_whole(ElementType type)
    {
        using var bench = new OpBench(OpenOne(), 52);
        WeightSource whole = bench.Weight(type, 272, 320);
        WeightSource shard = whole.RowSlice(136, 136).ColumnSlice(160, 160);
        Tensor x = bench.Random(1, 3, 160), into = bench.Empty(3, 136);
        bench.Ops.MatMul(x, bench.Pack(shard, WeightRole.Linear), into);
        float[] stored = OpBench.Decode(whole);
        float[] cut = [.. Enumerable.Range(136, 136).SelectMany(r => stored[((r * 320) + 160)..((r * 320) + 320)])];
        StepsSuite.Agree(Plain.MatMulTransposed(bench.Floats(x), cut, 3, 160, 136), bench.Floats(into), "product with a shard", Bounds.Product(Tenant.Arithmetic, type));
    }

    [TestMethod]
    [DataRow(ElementType.F32)]
    [DataRow(ElementType.BF16)]
    public void Vectors_are_widened_to_f32(ElementType type)
    {
        using var bench = new OpBench(OpenOne(), 53);
        WeightSource vector = bench.Weight(type, 1, 77);
        PackedWeight packed = bench.Pack(vector, WeightRole.Vector);
        CollectionAssert.AreEqual(OpBench.Decode(vector), bench.Floats(packed.AsVector()));
        Assert.AreEqual(77, packed.Columns);
    }

    [TestMethod]
    public void Groups_rows_and_columns_are_those_of_the_role()
    {
        using var bench = new OpBench(OpenOne(), 54);
        WeightSource[] parts = [.. Enumerable.Range(0, 6).Select(_ => bench.Weight(ElementType.BF16, 24, 40))];
        PackedWeight gateUp = bench.Pack(parts, WeightRole.GateUp), down = bench.Pack(parts, WeightRole.RowParallel);
        Assert.AreEqual((3, 48L, 40L), (gateUp.Groups, gateUp.Rows, gateUp.Columns));
        Assert.AreEqual((6, 24L, 40L), (down.Groups, down.Rows, down.Columns));
        Assert.ThrowsExactly<InvalidOperationException>(() => _ = gateUp.AsVector().Count);
    }
}
