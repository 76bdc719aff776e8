using System.Text.Json.Nodes;
using Glm5.Core.Model;
using Glm5.Core.Weights;

namespace Glm5.Tests.Unit.Weights;

/// <summary>What is wrong with a folder is said in one list, before a weight is touched.</summary>
[TestClass]
public sealed class CheckpointDamageTests
{
    private const string Single = "model.safetensors";
    private const string Index = "model.safetensors.index.json";
    private const string FirstShard = "model-00001-of-00002.safetensors";

    [TestMethod]
    public void Missing_experts_are_one_line()
    {
        using ScratchFolder folder = ScratchFolder.CopyOf(RepositoryFiles.Golden("tiny-full"));
        SafetensorsForge.EditHeader(folder.File(Single), header =>
        {
            for (int e = 0; e < 16; e++)
            {
                header.Remove($"model.layers.4.mlp.experts.{e}.up_proj.weight");
                header.Remove($"model.layers.5.mlp.experts.{e}.up_proj.weight");
            }

            header.Remove("model.norm.weight");
        });
        CollectionAssert.AreEqual(
            new[]
            {
                "missing model.norm.weight: expected [80]",
                "missing 32 tensors model.layers.{4..5}.mlp.experts.{0..15}.up_proj.weight: expected [32, 80]",
            },
            Problems(folder));
    }

    [TestMethod]
    public void Wrong_shapes_and_types_name_what_was_expected_what_came_and_where()
    {
        using ScratchFolder folder = ScratchFolder.CopyOf(RepositoryFiles.Golden("tiny-full"));
        SafetensorsForge.EditHeader(folder.File(Single), header =>
        {
            header["model.layers.2.mlp.up_proj.weight"]!["shape"] = new JsonArray(80, 128);
            header["model.norm.weight"]!["dtype"] = "F16";
            JsonNode bias = header["model.layers.3.mlp.gate.e_score_correction_bias"]!;
            bias["dtype"] = "BF16";
            bias["shape"] = new JsonArray(32);
        });
        CollectionAssert.AreEqual(
            new[]
            {
                "wrong type of model.norm.weight: expected BF16 or F32, got F16, in model.safetensors",
                "wrong shape of model.layers.2.mlp.up_proj.weight: expected [128, 80], got [80, 128], in model.safetensors",
                "wrong shape of model.layers.3.mlp.gate.e_score_correction_bias: expected [16], got [32], in model.safetensors",
                "wrong type of model.layers.3.mlp.gate.e_score_correction_bias: expected F32, got BF16, in model.safetensors",
            },
            Problems(folder));
    }

    [TestMethod]
    public void Fp8_matrix_needs_scales_of_the_right_shape()
    {
        using ScratchFolder folder = ScratchFolder.CopyOf(RepositoryFiles.Golden("tiny-fp8"));
        EditIndex(folder, map => map.Remove("model.layers.0.self_attn.o_proj.weight_scale_inv"));
        SafetensorsForge.EditHeader(folder.File(FirstShard), header =>
        {
            header.Remove("model.layers.0.self_attn.o_proj.weight_scale_inv");
            header["model.layers.1.self_attn.kv_b_proj.weight_scale_inv"]!["shape"] = new JsonArray(1, 4);
        });
        CollectionAssert.AreEqual(
            new[]
            {
                "missing model.layers.0.self_attn.o_proj.weight_scale_inv: an F8_E4M3 matrix needs F32 scales [1, 2]",
                "wrong scales model.layers.1.self_attn.kv_b_proj.weight_scale_inv: expected F32 [4, 1], got F32 [1, 4], "
                    + $"in {FirstShard}",
            },
            Problems(folder));
    }

    [TestMethod]
    public void Embedding_and_router_may_not_be_fp8()
    {
        using ScratchFolder folder = ScratchFolder.CopyOf(RepositoryFiles.Golden("tiny-dense"));
        SafetensorsForge.EditHeader(folder.File(Single), header =>
        {
            JsonNode embedding = header["model.embed_tokens.weight"]!;
            embedding["dtype"] = "F8_E4M3";
            embedding["shape"] = new JsonArray(800, 64);
        });
        StringAssert.Contains(Problems(folder)[1],
            "wrong type of model.embed_tokens.weight: expected BF16 or F32, got F8_E4M3");
    }

    [TestMethod]
    public void Unknown_tensors_are_reported_once_and_ignored()
    {
        using ScratchFolder folder = ScratchFolder.CopyOf(RepositoryFiles.Golden("tiny-dense"));
        SafetensorsForge.EditHeader(folder.File(Single), header =>
        {
            for (int i = 0; i < 300; i++)
            {
                header[$"visual.blocks.{i}.weight"] = Empty("F16");
            }
        });
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Assert.AreEqual(
            "300 tensors are not part of this model and ignored: visual.blocks.{0..299}.weight",
            checkpoint.Notices.Single());
        Assert.IsFalse(checkpoint.Contains("visual.blocks.0.weight"));
        Assert.ThrowsExactly<CheckpointException>(() => checkpoint.Weight("visual.blocks.0.weight"));
    }

    [TestMethod]
    public void Draft_layers_copies_of_embedding_and_head_are_ignored_in_silence()
    {
        using ScratchFolder folder = ScratchFolder.CopyOf(RepositoryFiles.Golden("tiny-full"));
        SafetensorsForge.EditHeader(folder.File(Single), header =>
        {
            header["model.layers.6.embed_tokens.weight"] = Empty("BF16");
            header["model.layers.6.shared_head.head.weight"] = Empty("BF16");
        });
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Assert.IsEmpty(checkpoint.Notices);
    }

    [TestMethod]
    public void Draft_layer_may_be_absent_as_a_whole_but_not_in_part()
    {
        using ScratchFolder folder = ScratchFolder.CopyOf(RepositoryFiles.Golden("tiny-full"));
        SafetensorsForge.EditHeader(folder.File(Single), header => RemoveAll(header, "model.layers.6.self_attn."));
        Assert.IsGreaterThan(5, Problems(folder).Length);

        SafetensorsForge.EditHeader(folder.File(Single), header => RemoveAll(header, "model.layers.6."));
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Assert.AreEqual(0, checkpoint.Config.DraftLayerCount);
        Assert.IsTrue(checkpoint.Notices.Any(static notice => notice.Contains("served without drafting")));
    }

    [TestMethod]
    public void Tied_head_is_the_embedding()
    {
        using ScratchFolder folder = ScratchFolder.CopyOf(RepositoryFiles.Golden("tiny-dense"));
        SafetensorsForge.EditHeader(folder.File(Single), static header => header.Remove(WeightNames.Head));
        StringAssert.StartsWith(Problems(folder)[0], "missing lm_head.weight");

        string config = folder.File("config.json");
        File.WriteAllText(config, File.ReadAllText(config)
            .Replace("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true", StringComparison.Ordinal));
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Assert.IsTrue(checkpoint.Contains(WeightNames.Head));
        Assert.AreEqual(checkpoint.Weight(WeightNames.Embedding).Address, checkpoint.Weight(WeightNames.Head).Address);
        Assert.AreEqual(53, checkpoint.TensorCount);
    }

    [TestMethod]
    public void Index_that_names_a_missing_shard_says_which_and_how_much_it_held()
    {
        using ScratchFolder folder = ScratchFolder.CopyOf(RepositoryFiles.Golden("tiny-fp8"));
        File.Delete(folder.File(FirstShard));
        Assert.AreEqual($"shard {FirstShard} is missing: {Index} places 120 tensors in it", Problems(folder)[0]);
    }

    [TestMethod]
    public void Index_and_shards_that_disagree_are_refused()
    {
        using ScratchFolder folder = ScratchFolder.CopyOf(RepositoryFiles.Golden("tiny-fp8"));
        EditIndex(folder, static map =>
        {
            map["model.norm.weight"] = FirstShard;
            map["lm_head.weight"] = "../elsewhere.safetensors";
        });
        string[] problems = Problems(folder);
        Assert.AreEqual($"{Index} places lm_head.weight in \"../elsewhere.safetensors\"; "
            + "expected the name of a file in the same folder", problems[0]);
        Assert.AreEqual($"{Index} places model.norm.weight in {FirstShard}, which does not hold it", problems[1]);
    }

    [TestMethod]
    public void Tensor_in_two_shards_is_refused()
    {
        using ScratchFolder folder = ScratchFolder.CopyOf(RepositoryFiles.Golden("tiny-fp8"));
        SafetensorsForge.EditHeader(folder.File(FirstShard), static header =>
            header["model.norm.weight"] = Empty("BF16"));
        Assert.AreEqual($"model-00002-of-00002.safetensors and {FirstShard} both hold model.norm.weight", Problems(folder)[0]);
    }

    [TestMethod]
    public void Truncated_shard_is_refused_at_once()
    {
        using ScratchFolder folder = ScratchFolder.CopyOf(RepositoryFiles.Golden("tiny-fp8"));
        using (FileStream file = File.OpenWrite(folder.File(FirstShard)))
        {
            file.SetLength(file.Length - 1);
        }

        StringAssert.Contains(Problems(folder)[0], $"{FirstShard}: ");
        StringAssert.Contains(Problems(folder)[0], "truncated");
    }

    [TestMethod]
    public void Folder_without_a_model_says_so()
    {
        using ScratchFolder folder = new();
        StringAssert.Contains(Problems(folder)[0], "config.json cannot be read");
        File.Copy(RepositoryFiles.Data("glm5", "config.json"), folder.File("config.json"));
        StringAssert.Contains(Problems(folder)[0], "is this the model's folder?");
        File.WriteAllText(folder.File(Index), "{}");
        StringAssert.Contains(Problems(folder)[0], "no weight_map");
        File.WriteAllText(folder.File(Index), """{"weight_map":{}}""");
        StringAssert.Contains(Problems(folder)[0], "names no tensor");
        Assert.ThrowsExactly<CheckpointException>(() => Checkpoint.Open(folder.File("nowhere")));
    }

    [TestMethod]
    public void Wrong_config_is_refused_before_the_weights_are_looked_at()
    {
        using ScratchFolder folder = new();
        File.WriteAllText(folder.File("config.json"), "{}");
        Assert.ThrowsExactly<ModelConfigException>(() => Checkpoint.Open(folder.Path));
    }

    private static string[] Problems(ScratchFolder folder) =>
        [.. Assert.ThrowsExactly<CheckpointException>(() => Checkpoint.Open(folder.Path)).Problems];

    private static JsonObject Empty(string type) =>
        new() { ["dtype"] = type, ["shape"] = new JsonArray(0), ["data_offsets"] = new JsonArray(0, 0) };

    private static void RemoveAll(JsonObject header, string prefix)
    {
        string[] names = [.. header.Select(static entry => entry.Key)];
        foreach (string name in names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            header.Remove(name);
        }
    }

    private static void EditIndex(ScratchFolder folder, Action<JsonObject> edit)
    {
        JsonNode index = JsonNode.Parse(File.ReadAllBytes(folder.File(Index)))!;
        edit(index["weight_map"]!.AsObject());
        File.WriteAllText(folder.File(Index), index.ToJsonString());
    }
}
