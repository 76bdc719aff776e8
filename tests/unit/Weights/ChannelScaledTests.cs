using CsCheck;
using Glm5.Core.Accelerator;
using Glm5.Core.Model;
using Glm5.Core.Weights;
using Glm5.Core.Weights.Formats;

namespace Glm5.Tests.Unit.Weights;

/// <summary>8-bit integer weights with a scale a row (msModelSlim's W8A8_DYNAMIC), and what is refused beside them.</summary>
[TestClass]
public sealed class ChannelScaledTests
{
    [TestMethod]
    public void A_row_decodes_to_code_times_scale()
    {
        float[] into = new float[4];
        ChannelScaled.DecodeRow([0x00, 0x7F, 0x80, 0xFF], BitConverter.GetBytes(0.5f), into);
        CollectionAssert.AreEqual((float[])[0, 63.5f, -64, -0.5f], into);
    }

    [TestMethod]
    public void Quantising_errs_by_half_a_step_at_most() => Gen.Float[-1000, 1000].Array[1, 64].Sample(row =>
    {
        var codes = new sbyte[row.Length];
        float scale = ChannelScaled.QuantiseRow(row, codes);
        var back = new float[row.Length];
        ChannelScaled.DecodeRow(System.Runtime.InteropServices.MemoryMarshal.AsBytes(codes.AsSpan()), BitConverter.GetBytes(scale), back);
        for (int i = 0; i < row.Length; i++)
            Assert.IsLessThanOrEqualTo((scale * 0.5f) + (scale * 1e-4f) + 1e-30f, Math.Abs(row[i] - back[i]));
    }, iter: Soak.Times(200));

    [TestMethod]
    public void A_row_of_zeros_has_scale_0() =>
        Assert.AreEqual(0, ChannelScaled.QuantiseRow(new float[8], new sbyte[8]));

    [TestMethod]
    public void A_folder_of_8_bit_integers_opens_and_its_weights_have_a_scale_a_row()
    {
        using ScratchFolder folder = Folder();
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        WeightSource weight = checkpoint.Weight(WeightNames.InLayer(0, WeightNames.QueryDown));
        Assert.AreEqual(ElementType.I8, weight.Type);
        Assert.AreEqual((1, ChannelScaled.AllColumns, 1L), (weight.Scales!.Value.BlockRows, weight.Scales.Value.BlockColumns, weight.Scales.Value.ScaleColumns));
        float[] row = new float[weight.Columns];
        weight.Decode(3, 0, row);
        Assert.IsTrue(Array.TrueForAll(row, v => v == 0));
    }

    [TestMethod]
    public void Missing_or_odd_scales_are_named()
    {
        using ScratchFolder missing = Folder(leaveOut: name => name.EndsWith("q_a_proj.weight_scale", StringComparison.Ordinal));
        Assert.Contains("weight_scale: an I8 matrix needs F32 scales", Refusal(missing));
        using ScratchFolder odd = Folder(scaleType: "BF16");
        Assert.Contains("wrong scales", Refusal(odd));
    }

    [TestMethod]
    public void Zero_points_have_to_be_zero()
    {
        using ScratchFolder folder = Folder();
        string path = folder.File("model.safetensors");
        byte[] bytes = File.ReadAllBytes(path);
        bytes.AsSpan(bytes.Length / 2).Fill(1);
        File.WriteAllBytes(path, bytes);
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        int refused = 0;
        foreach (TensorSpec spec in TensorInventory.Expected(checkpoint.Config).Where(s => s.MayBeQuantised))
        {
            try
            {
                _ = checkpoint.Weight(spec.Name);
            }
            catch (CheckpointException e)
            {
                Assert.Contains("weight_offset is not zero", e.Message);
                refused++;
            }
        }

        Assert.IsGreaterThan(0, refused);
    }

    [TestMethod]
    [DataRow("\"W4A8_DYNAMIC\"", "says W4A8_DYNAMIC, served are FLOAT and W8A8_DYNAMIC")]
    [DataRow("\"W8A8\"", "says W8A8, served are FLOAT and W8A8_DYNAMIC")]
    [DataRow("\"FLOAT\"", "says FLOAT, the file stores I8")]
    [DataRow("17", "says Number")]
    public void The_description_is_held_against_the_files(string format, string expected)
    {
        using ScratchFolder folder = Folder();
        string name = WeightNames.InLayer(0, WeightNames.QueryDown);
        File.WriteAllText(folder.File("quant_model_description.json"), $"{{\"{name}\": {format}, \"nobody\": 1}}");
        Assert.Contains(expected, Refusal(folder));
    }

    [TestMethod]
    public void Any_description_is_read_or_refused_in_words()
    {
        using ScratchFolder folder = Folder();
        Gen.String.Sample(text =>
        {
            File.WriteAllText(folder.File("quant_model_description.json"), text);
            Assert.Contains("quant_model_description.json", Refusal(folder));
        }, iter: Soak.Times(20), threads: 1);
    }

    private static string Refusal(ScratchFolder folder) =>
        Assert.ThrowsExactly<CheckpointException>(() => Checkpoint.Open(folder.Path).Dispose()).Message;

    /// <summary>tiny-dense with every matrix that may be quantised stored as I8; all values are 0.</summary>
    private static ScratchFolder Folder(Func<string, bool>? leaveOut = null, string scaleType = "F32")
    {
        var folder = new ScratchFolder();
        string config = Path.Combine(RepositoryFiles.Golden("tiny-dense"), "config.json");
        File.Copy(config, folder.File("config.json"));
        var tensors = new List<(string, string, long[])>();
        foreach (TensorSpec spec in TensorInventory.Expected(ModelConfig.Parse(File.ReadAllBytes(config), config)))
        {
            long[] shape = spec.IsVector ? [spec.Columns] : [spec.Rows, spec.Columns];
            tensors.Add((spec.Name, spec.MayBeQuantised ? "I8" : "F32", shape));
            if (!spec.MayBeQuantised)
                continue;
            tensors.Add((WeightNames.ChannelScales(spec.Name), scaleType, [spec.Rows, 1]));
            tensors.Add((WeightNames.ChannelOffsets(spec.Name), "F32", [spec.Rows, 1]));
        }

        SafetensorsForge.WriteTensors(folder.File("model.safetensors"), tensors.Where(t => leaveOut?.Invoke(t.Item1) != true));
        return folder;
    }
}
