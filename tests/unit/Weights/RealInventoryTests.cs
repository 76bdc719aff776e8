using System.Text.Json;
using Glm5.Core.Model;
using Glm5.Core.Weights;
using Glm5.Core.Weights.Formats;

namespace Glm5.Tests.Unit.Weights;

/// <summary>
/// The published checkpoints' names, shapes, types and sizes, in files without data: 1.5 TB that occupy the headers
/// only.
/// </summary>
[TestClass]
public sealed class RealInventoryTests
{
    [TestMethod]
    public void Glm5_opens_and_every_byte_is_accounted_for()
    {
        using ScratchFolder scratch = new();
        using Checkpoint checkpoint = Forge(scratch, "glm5", shards: 282);
        Assert.AreEqual(59_870, checkpoint.TensorCount);
        Assert.AreEqual(282, checkpoint.Files.Count);
        Assert.AreEqual(1507.73, Math.Round(checkpoint.TotalBytes / 1e9, 2));
        // Two bytes for each parameter, and two more for the router biases, F32, of 76 layers.
        Assert.AreEqual((753_864_139_008L * 2) + (76 * 256 * 2), checkpoint.TotalBytes);
        ReadsZeroFromEveryShard(checkpoint);
    }

    [TestMethod]
    public void Glm5_fp8_opens_and_every_byte_is_accounted_for()
    {
        using ScratchFolder scratch = new();
        using Checkpoint checkpoint = Forge(scratch, "glm5-fp8", shards: 142);
        Assert.AreEqual(119_028, checkpoint.TensorCount);
        Assert.AreEqual(756.16, Math.Round(checkpoint.TotalBytes / 1e9, 2));
        WeightSource latent = checkpoint.Weight(WeightNames.InLayer(78, WeightNames.LatentDown));
        Assert.AreEqual(48, latent.Scales!.Value.ScaleColumns);
        ReadsZeroFromEveryShard(checkpoint);
    }

    [TestMethod]
    public void A_lost_shard_is_one_line_and_its_experts_are_a_few()
    {
        using ScratchFolder scratch = new();
        using Checkpoint checkpoint = Forge(scratch, "glm5", shards: 282);
        File.Delete(scratch.File("model-00100-of-00282.safetensors"));
        CheckpointException exception =
            Assert.ThrowsExactly<CheckpointException>(() => Checkpoint.Open(scratch.Path));
        StringAssert.Contains(exception.Problems[0], "shard model-00100-of-00282.safetensors is missing");
        Assert.IsInRange(2, 12, exception.Problems.Count);
    }

    private static Checkpoint Forge(ScratchFolder scratch, string config, int shards)
    {
        string json = RepositoryFiles.Data(config, "config.json");
        File.Copy(json, scratch.File("config.json"));
        ModelConfig model = ModelConfig.Parse(File.ReadAllBytes(json), json);

        List<(string Name, string Type, long[] Shape)> tensors = [];
        foreach (TensorSpec spec in TensorInventory.Expected(model))
        {
            long[] shape = spec.IsVector ? [spec.Columns] : [spec.Rows, spec.Columns];
            bool fp8 = model.Quantisation is not null && spec.MayBeQuantised;
            bool f32 = spec.Role == TensorRole.RouterBias;
            tensors.Add((spec.Name, fp8 ? "F8_E4M3" : f32 ? "F32" : "BF16", shape));
            if (fp8)
            {
                (long rows, long columns) = BlockScaled.ScaleShape(spec.Rows, spec.Columns, model.Quantisation!.Value);
                tensors.Add((WeightNames.Scales(spec.Name), "F32", [rows, columns]));
            }
        }

        try
        {
            WriteShards(scratch, tensors, shards);
        }
        catch (IOException exception)
        {
            Assert.Inconclusive($"the file system of {scratch.Path} takes no sparse files: {exception.Message}");
        }

        return Checkpoint.Open(scratch.Path);
    }

    private static void WriteShards(ScratchFolder scratch, List<(string, string, long[])> tensors, int shards)
    {
        using MemoryStream index = new();
        using Utf8JsonWriter json = new(index);
        json.WriteStartObject();
        json.WriteStartObject("weight_map");
        for (int i = 0; i < shards; i++)
        {
            int from = (int)((long)tensors.Count * i / shards);
            int to = (int)((long)tensors.Count * (i + 1) / shards);
            string name = $"model-{i + 1:D5}-of-{shards:D5}.safetensors";
            SafetensorsForge.WriteTensors(scratch.File(name), tensors.GetRange(from, to - from));
            foreach ((string tensor, _, _) in tensors.GetRange(from, to - from))
            {
                json.WriteString(tensor, name);
            }
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        File.WriteAllBytes(scratch.File("model.safetensors.index.json"), index.ToArray());
    }

    /// <summary>All shards mapped together: more address space than any machine has memory.</summary>
    private static void ReadsZeroFromEveryShard(Checkpoint checkpoint)
    {
        Span<float> one = stackalloc float[1];
        foreach (SafetensorsFile file in checkpoint.Files)
        {
            foreach (string name in file.Tensors.Keys)
            {
                WeightSource weight = checkpoint.Weight(name);
                one[0] = 1;
                weight.Decode(weight.Rows - 1, weight.Columns - 1, one);
                Assert.AreEqual(0f, one[0]);
                break;
            }
        }
    }
}
