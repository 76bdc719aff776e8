using Glm5.Backends.CpuReference;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Tests.Unit.Cpu;

[TestClass]
public sealed class PackingTests
{
    private readonly CpuMemory _memory = new();

    [TestMethod]
    [DataRow(WeightRole.Embedding, 1)]
    [DataRow(WeightRole.Linear, 1)]
    [DataRow(WeightRole.Router, 1)]
    [DataRow(WeightRole.Head, 1)]
    [DataRow(WeightRole.RowParallel, 3)]
    [DataRow(WeightRole.KeyUp, 4)]
    [DataRow(WeightRole.ValueUp, 4)]
    [DataRow(WeightRole.GateUp, 6)]
    public void Every_element_of_every_format_is_the_stored_one(WeightRole role, int parts)
    {
        foreach (ElementType type in (ElementType[])[ElementType.F32, ElementType.BF16, ElementType.F8E4M3])
        {
            WeightSource[] sources = Sources(type, parts);
            using CpuPackedWeight weight = CpuPackedWeight.Pack(_memory, sources, role, ranks: 1);
            int perGroup = role == WeightRole.GateUp ? 2 : 1;
            Assert.AreEqual(parts / perGroup, weight.Groups);
            Assert.AreEqual(perGroup * sources[0].Rows, weight.Rows);
            Assert.AreEqual(0, weight.DeviceBytes);
            for (int part = 0; part < parts; part++)
                AssertSame(sources[part], weight, part / perGroup, part % perGroup * sources[part].Rows);
        }
    }

    [TestMethod]
    [DataRow(ElementType.F32)]
    [DataRow(ElementType.BF16)]
    public void A_vector_is_widened_to_f32(ElementType type)
    {
        WeightSource source = StoredMatrix.Make(type, 1, 37, seed: 5);
        float[] expected = new float[37];
        source.Decode(0, 0, expected);
        using CpuPackedWeight weight = CpuPackedWeight.Pack(_memory, [source], WeightRole.Vector, ranks: 1);
        float[] got = new float[37];
        _memory.Download(weight.AsVector(), System.Runtime.InteropServices.MemoryMarshal.AsBytes(got.AsSpan()));
        CollectionAssert.AreEqual(expected, got);
        Assert.AreEqual(37 * sizeof(float), weight.DeviceBytes);
    }

    [TestMethod]
    public void A_matrix_is_no_vector()
    {
        using CpuPackedWeight weight = CpuPackedWeight.Pack(
            _memory, [StoredMatrix.Make(ElementType.F32, 2, 3, seed: 1)], WeightRole.Linear, ranks: 1);
        Assert.ThrowsExactly<InvalidOperationException>(() => weight.AsVector());
    }

    [TestMethod]
    public void Columns_that_do_not_split_into_chunks_are_refused_by_name()
    {
        WeightSource source = StoredMatrix.Make(ElementType.F32, 4, 12, seed: 1, name: "model.layers.3.down_proj.weight");
        Assert.Contains("model.layers.3.down_proj.weight", Refusal([source], WeightRole.RowParallel, ranks: 1));
        Assert.Contains("12 columns", Refusal([source], WeightRole.RowParallel, ranks: 1));
        using CpuPackedWeight fits = CpuPackedWeight.Pack(_memory, [source], WeightRole.RowParallel, ranks: 2);
        Assert.AreEqual(3, RowParallelChunks.Width(fits.Columns, ranks: 2));
    }

    [TestMethod]
    public void Parts_that_do_not_fit_their_role_are_refused_by_name()
    {
        WeightSource a = StoredMatrix.Make(ElementType.F32, 4, 8, seed: 1, name: "a.weight");
        WeightSource b = StoredMatrix.Make(ElementType.F32, 4, 9, seed: 1, name: "b.weight");
        Assert.Contains("b.weight", Refusal([a, b], WeightRole.GateUp));
        Assert.Contains("a.weight", Refusal([a, a, a], WeightRole.GateUp));
        Assert.Contains("a.weight", Refusal([a, a], WeightRole.Linear));
        Assert.Contains("a.weight", Refusal([a], WeightRole.Vector));
        Assert.Contains("a.weight", Refusal([a with { Type = ElementType.F8E4M3 }], WeightRole.Linear));
        Assert.Contains("a.weight", Refusal([a with { Type = ElementType.I32 }], WeightRole.Linear));
        Assert.Contains("Linear", Refusal([], WeightRole.Linear));
    }

    /// <summary>Parts cut out of larger matrices, so that strides and origins matter: 40 × 136 from row 100, column 120.</summary>
    private static WeightSource[] Sources(ElementType type, int parts)
    {
        var sources = new WeightSource[parts];
        for (int i = 0; i < parts; i++)
            sources[i] = StoredMatrix.Make(type, 200, 300, seed: i).RowSlice(100, 40).ColumnSlice(120, 136);
        return sources;
    }

    private static void AssertSame(in WeightSource source, CpuPackedWeight weight, int group, long firstRow)
    {
        float[] expected = new float[source.Columns - 1], got = new float[source.Columns - 1];
        for (long n = 0; n < source.Rows; n++)
        {
            source.Decode(n, 1, expected);
            weight.Decode(group, firstRow + n, 1, got);
            CollectionAssert.AreEqual(expected, got);
        }
    }

    private string Refusal(WeightSource[] parts, WeightRole role, int ranks = 1) =>
        Assert.ThrowsExactly<AcceleratorException>(() => CpuPackedWeight.Pack(_memory, parts, role, ranks)).Message;
}
