using CsCheck;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;
using Glm5.Core.Weights.Formats;

namespace Glm5.Tests.Unit.Weights;

[TestClass]
public sealed class WeightSourceTests
{
    private static readonly Checkpoint s_fp8 = Checkpoint.Open(RepositoryFiles.Golden("tiny-fp8"));

    [ClassCleanup]
    public static void Close() => s_fp8.Dispose();

    [TestMethod]
    public void Fp8_decodes_to_code_times_the_scale_of_its_block()
    {
        // 480 rows: blocks of 128, 128, 128 and 96.
        WeightSource weight = s_fp8.Weight("model.layers.0.self_attn.kv_b_proj.weight");
        WeightSource scales = s_fp8.Weight("model.layers.0.self_attn.kv_b_proj.weight_scale_inv");
        (byte[] codes, _) = RawBytes("model.layers.0.self_attn.kv_b_proj.weight");
        float[] row = new float[weight.Columns];
        float[] scale = new float[1];
        for (int r = 0; r < weight.Rows; r++)
        {
            weight.Decode(r, 0, row);
            for (int c = 0; c < row.Length; c++)
            {
                scales.Decode(r / 128, c / 128, scale);
                Assert.AreEqual(Fp8E4M3.ToFloat(codes[(r * row.Length) + c]) * scale[0], row[c]);
            }
        }
    }

    [TestMethod]
    public void Bf16_and_f32_decode_to_their_stored_values()
    {
        (byte[] bytes, StoredTensor tensor) = RawBytes("model.embed_tokens.weight");
        float[] row = new float[128];
        s_fp8.Weight(tensor.Name).Decode(319, 0, row);
        Assert.AreEqual(Bf16.ToFloat(BitConverter.ToUInt16(bytes, (319 * 256) + 10)), row[5]);

        (bytes, tensor) = RawBytes("model.layers.2.mlp.gate.e_score_correction_bias");
        s_fp8.Weight(tensor.Name).Decode(0, 3, row.AsSpan(0, 1));
        Assert.AreEqual(BitConverter.ToSingle(bytes, 12), row[0]);
    }

    [TestMethod]
    public void Any_slice_of_a_slice_decodes_to_the_same_part_of_the_whole()
    {
        string[] names =
        [
            "model.layers.0.self_attn.kv_b_proj.weight", "model.layers.0.self_attn.o_proj.weight", "model.embed_tokens.weight",
            "model.layers.3.mlp.gate.e_score_correction_bias",
        ];
        Gen.Select(Gen.Int[0, names.Length - 1], Gen.Double[0, 1].Array[8]).Sample((n, at) =>
        {
            WeightSource whole = s_fp8.Weight(names[n]);
            WeightSource part = whole;
            long row = 0;
            long column = 0;
            for (int i = 0; i < at.Length; i += 4)
            {
                long from = (long)(at[i] * (part.Rows - 1));
                part = part.RowSlice(from, 1 + (long)(at[i + 1] * (part.Rows - from - 1)));
                row += from;
                from = (long)(at[i + 2] * (part.Columns - 1));
                part = part.ColumnSlice(from, 1 + (long)(at[i + 3] * (part.Columns - from - 1)));
                column += from;
            }

            Assert.AreEqual((row, column), (part.RowOrigin, part.ColumnOrigin));
            float[] expected = new float[part.Columns];
            float[] got = new float[part.Columns];
            whole.Decode(row + part.Rows - 1, column, expected);
            part.Decode(part.Rows - 1, 0, got);
            CollectionAssert.AreEqual(expected, got);
        });
    }

    [TestMethod]
    public void What_lies_outside_is_refused_by_name()
    {
        WeightSource weight = s_fp8.Weight("model.norm.weight");
        Assert.AreEqual((1L, 128L, ElementType.BF16), (weight.Rows, weight.Columns, weight.Type));
        Action[] outside =
        [
            () => weight.RowSlice(0, 2),
            () => weight.RowSlice(-1, 1),
            () => weight.ColumnSlice(1, 128),
            () => weight.ColumnSlice(long.MaxValue, 1),
            () => weight.Decode(1, 0, new float[1]),
            () => weight.Decode(0, 127, new float[2]),
        ];
        foreach (Action action in outside)
        {
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(action).Message, "model.norm.weight [1, 128]");
        }
    }

    private static (byte[] Bytes, StoredTensor Tensor) RawBytes(string name)
    {
        foreach (SafetensorsFile file in s_fp8.Files)
        {
            if (file.Tensors.TryGetValue(name, out StoredTensor tensor))
            {
                return (File.ReadAllBytes(file.Path)[(int)tensor.Offset..(int)(tensor.Offset + tensor.Length)], tensor);
            }
        }

        throw new KeyNotFoundException(name);
    }
}
