using CsCheck;
using Glm5.Backends.CpuReference.Simd;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Tests.Unit.Cpu;

/// <summary>Products with stored weights against the canonical order without vectors, bit for bit.</summary>
[TestClass]
public sealed class SimdProductTests
{
    private static readonly ElementType[] s_types = [ElementType.BF16, ElementType.F8E4M3, ElementType.F32];

    [TestMethod]
    public unsafe void Products_of_activations_keep_the_order()
    {
        for (int count = 0; count < 70; count++)
        {
            float[] a = SimdRank.Values(count, count), b = SimdRank.Values(count, 1000 + count);
            fixed (float* pa = a, pb = b)
                Assert.AreEqual(SimdOrder.Product(a, b), Dot.Product(pa, pb, count), $"{count} elements");
        }
    }

    [TestMethod]
    public void Any_shape_keeps_the_order_of_single_rows() => Gen.Select(
            Gen.Int[0, 2], Gen.Int[1, 70], Gen.Int[1, 300], Gen.Int[1, 41], Gen.Int[1, 3])
        .Sample((type, rows, columns, outputs, threads) =>
        {
            WeightSource weight = StoredMatrix.Make(s_types[type], outputs, columns, columns);
            float[] x = SimdRank.Values(rows * columns, rows);
            using var rank = new SimdRank(threads);
            float[] y = rank.MatMul(x, rank.Pack(WeightRole.Linear, weight));
            Check(x, weight, y);
        }, iter: Soak.Times(60), threads: 1);

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(7)]
    public void A_shard_that_begins_inside_a_block_of_scales_is_scaled_as_the_whole(int rows)
    {
        WeightSource whole = StoredMatrix.Make(ElementType.F8E4M3, 300, 400, 5);
        using var rank = new SimdRank(2);
        foreach ((int row, int column) in new[] { (0, 128), (64, 96), (130, 17), (3, 250) })
        {
            WeightSource shard = whole.RowSlice(row, 150).ColumnSlice(column, 140);
            float[] x = SimdRank.Values(rows * 140, column);
            float[] y = rank.MatMul(x, rank.Pack(WeightRole.Linear, shard));
            Check(x, shard, y);
        }
    }

    [TestMethod]
    [DataRow(ElementType.BF16)]
    [DataRow(ElementType.F8E4M3)]
    public void Heads_give_the_same_bits_alone_and_in_a_batch(ElementType type)
    {
        const int Heads = 3, Nope = 40, Latent = 150, Tokens = 14;
        WeightSource[] parts = [.. Enumerable.Range(0, Heads).Select(h => StoredMatrix.Make(type, Nope, Latent, h))];
        float[] x = SimdRank.Values(Tokens * Heads * Nope, 1), o = SimdRank.Values(Tokens * Heads * Latent, 2);
        using var rank = new SimdRank(2);
        PackedWeight keys = rank.Pack(WeightRole.KeyUp, parts), values = rank.Pack(WeightRole.ValueUp, parts);
        float[] absorbed = PerHead(rank, keys, x, Tokens, Nope, Latent);
        float[] output = PerHead(rank, values, o, Tokens, Latent, Nope);
        for (int t = 0; t < Tokens; t++)
        {
            float[] alone = PerHead(rank, keys, x[(t * Heads * Nope)..((t + 1) * Heads * Nope)], 1, Nope, Latent);
            CollectionAssert.AreEqual(absorbed[(t * Heads * Latent)..((t + 1) * Heads * Latent)], alone);
            for (int i = 0; i < Heads * Nope; i++)
            {
                int h = i / Nope;
                ReadOnlySpan<float> row = o.AsSpan(((t * Heads) + h) * Latent, Latent);
                Assert.AreEqual(SimdOrder.StoredProduct(row, parts[h], i % Nope), output[(t * Heads * Nope) + i]);
            }
        }
    }

    [TestMethod]
    [DataRow(ElementType.BF16)]
    [DataRow(ElementType.F8E4M3)]
    [DataRow(ElementType.F32)]
    public void Embedding_rows_are_the_stored_values(ElementType type)
    {
        WeightSource table = StoredMatrix.Make(type, 20, 300, 9).ColumnSlice(5, 290);
        using var rank = new SimdRank(1);
        using ActivationArena.Scope scope = rank.Ops.Arena.Open();
        Tensor into = rank.Ops.Arena.Take(ElementType.F32, 2, 290);
        Tensor ids = rank.Upload([19, 3], 1);
        rank.Ops.Embed(rank.Pack(WeightRole.Embedding, table), new Tensor(ids.Address, ElementType.I32, 2), into);
        float[] expected = new float[580];
        table.Decode(19, 0, expected.AsSpan(0, 290));
        table.Decode(3, 0, expected.AsSpan(290));
        CollectionAssert.AreEqual(expected, rank.Download(into));
    }

    private static void Check(float[] x, WeightSource weight, float[] y)
    {
        (int columns, int outputs) = ((int)weight.Columns, (int)weight.Rows);
        for (int i = 0; i < y.Length; i++)
        {
            float expected = SimdOrder.StoredProduct(x.AsSpan(i / outputs * columns, columns), weight, i % outputs);
            Assert.AreEqual(expected, y[i], $"element {i} of [{weight.RowOrigin}, {weight.ColumnOrigin}]");
        }
    }

    private static float[] PerHead(SimdRank rank, PackedWeight weight, float[] x, int tokens, int width, int outputs)
    {
        using ActivationArena.Scope scope = rank.Ops.Arena.Open();
        Tensor into = rank.Ops.Arena.Take(ElementType.F32, tokens, weight.Groups, outputs);
        rank.Ops.MatMulPerHead(rank.Upload(x, tokens).As(tokens, weight.Groups, width), weight, into);
        return rank.Download(into);
    }
}
