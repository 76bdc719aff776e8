using System.Text;
using System.Text.Json.Nodes;
using Glm5.Core.Model;

namespace Glm5.Tests.Unit.Model;

[TestClass]
public sealed class ModelConfigTests
{
    private static readonly byte[] s_glm5 = File.ReadAllBytes(RepositoryFiles.Data("glm5", "config.json"));

    [TestMethod]
    public void Glm5_is_read_as_published()
    {
        ModelConfig c = ModelConfig.Parse(s_glm5, "config.json");
        Assert.AreEqual((6144, 78, 1, 64), (c.HiddenSize, c.LayerCount, c.DraftLayerCount, c.HeadCount));
        Assert.AreEqual((2048, 512, 192, 64, 256, 256, 576),
            (c.QLoraRank, c.KvLoraRank, c.QkNopeHeadDim, c.QkRopeHeadDim, c.QkHeadDim, c.VHeadDim, c.LatentWidth));
        Assert.AreEqual((32, 128, 2048, true), (c.IndexHeadCount, c.IndexHeadDim, c.IndexTopK, c.IndexerRopeInterleave));
        Assert.AreEqual((256, 1, 8, 2048, 12288),
            (c.RoutedExpertCount, c.SharedExpertCount, c.ExpertsPerToken, c.MoeIntermediateSize, c.IntermediateSize));
        Assert.AreEqual((1e6, 1e-5f, 2.5f, true), (c.RopeTheta, c.RmsNormEps, c.RoutedScalingFactor, c.NormTopKProb));
        Assert.AreEqual((202752, 154880, (int?)154820, false), (c.MaxPositions, c.VocabSize, c.PadTokenId, c.TieWordEmbeddings));
        CollectionAssert.AreEqual(new[] { 154820, 154827, 154829 }, c.EosTokenIds.ToArray());
        Assert.IsNull(c.Quantisation);
        for (int layer = 0; layer <= 78; layer++)
        {
            Assert.AreEqual((layer >= 3, true), (c.IsMoe(layer), c.HasIndexer(layer)));
        }

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => c.IsMoe(79));
    }

    [TestMethod]
    public void Fp8_release_is_blocks_of_128() =>
        Assert.AreEqual(new Fp8BlockQuantisation(128, 128), ModelConfig.Parse(
            File.ReadAllBytes(RepositoryFiles.Data("glm5-fp8", "config.json")), "config.json").Quantisation);

    [TestMethod]
    [DataRow("tiny-dense")]
    [DataRow("tiny-moe")]
    [DataRow("tiny-full")]
    [DataRow("tiny-fp8")]
    public void Golden_configs_are_read(string name) =>
        Assert.AreEqual(4096, ModelConfig.Parse(
            File.ReadAllBytes(Path.Combine(RepositoryFiles.Golden(name), "config.json")), name).MaxPositions);

    [TestMethod]
    public void Layer_types_given_one_by_one_decide()
    {
        ModelConfig nano = ModelConfig.Parse(File.ReadAllBytes(Path.Combine(RepositoryFiles.Nano, "config.json")), "nano");
        CollectionAssert.AreEqual(
            new[] { false, true, true, true, true, true }, Enumerable.Range(0, 6).Select(nano.IsMoe).ToArray());

        ModelConfig alternating = Edited(c =>
        {
            c["num_hidden_layers"] = 4;
            c.Remove("first_k_dense_replace");
            c["mlp_layer_types"] = new JsonArray("dense", "sparse", "dense", "sparse");
        });
        CollectionAssert.AreEqual(
            new[] { false, true, false, true, true }, Enumerable.Range(0, 5).Select(alternating.IsMoe).ToArray());
    }

    [TestMethod]
    public void All_problems_come_in_one_list()
    {
        ModelConfigException exception = Assert.ThrowsExactly<ModelConfigException>(
            () => ModelConfig.Parse("{}"u8.ToArray(), "here/config.json"));
        StringAssert.StartsWith(exception.Message, "here/config.json: ");
        Assert.HasCount(23, exception.Problems);
        Assert.Contains("rope_theta is missing; expected a number above 0", exception.Problems);
        Assert.Contains("hidden_size is missing; expected an integer from 1 to 1048576", exception.Problems);
    }

    [TestMethod]
    [DataRow("architectures", """["LlamaForCausalLM"]""", "serves GlmMoeDsaForCausalLM only")]
    [DataRow("architectures", "7", "expected a list of strings")]
    [DataRow("model_type", "\"llama\"", "expected \"glm_moe_dsa\"")]
    [DataRow("hidden_act", "\"gelu\"", "expected \"silu\"")]
    [DataRow("scoring_func", "\"softmax\"", "expected \"sigmoid\"")]
    [DataRow("topk_method", "\"greedy\"", "expected \"noaux_tc\"")]
    [DataRow("attention_bias", "true", "expected false")]
    [DataRow("rope_interleave", "false", "expected true")]
    [DataRow("moe_layer_freq", "2", "only 1 is supported")]
    [DataRow("hidden_size", "0", "expected an integer from 1")]
    [DataRow("hidden_size", "-5", "expected an integer from 1")]
    [DataRow("hidden_size", "6144.5", "expected an integer from 1")]
    [DataRow("hidden_size", "\"6144\"", "expected an integer from 1")]
    [DataRow("hidden_size", "99999999999999999999", "expected an integer from 1")]
    [DataRow("q_lora_rank", "null", "q_lora_rank is missing")]
    [DataRow("num_nextn_predict_layers", "2", "expected an integer from 0 to 1")]
    [DataRow("qk_head_dim", "192", "qk_nope_head_dim + qk_rope_head_dim = 256")]
    [DataRow("qk_rope_head_dim", "63", "must be even")]
    [DataRow("index_head_dim", "32", "less than the 64 dimensions")]
    [DataRow("num_experts_per_tok", "257", "only 256 experts")]
    [DataRow("first_k_dense_replace", "79", "only 78 layers")]
    [DataRow("n_group", "3", "expected 1, the only supported value")]
    [DataRow("topk_group", "2", "expected 1, the only supported value")]
    [DataRow("n_routed_experts", "1000000", "at most 1048576 experts")]
    [DataRow("num_attention_heads", "1025", "expected an integer from 1 to 1024")]
    [DataRow("index_n_heads", "1048576", "expected an integer from 1 to 1024")]
    [DataRow("rms_norm_eps", "0", "a number above 0")]
    [DataRow("rms_norm_eps", "1e-300", "a number above 0")]
    [DataRow("eos_token_id", "[1,154880]", "eos_token_id[1] is 154880")]
    [DataRow("rope_parameters", "{}", "rope_theta is missing")]
    [DataRow("rope_parameters", """{"rope_theta":1e6,"rope_type":"yarn"}""", "rope_parameters.rope_type is \"yarn\"")]
    [DataRow("rope_scaling", """{"type":"yarn"}""", "rope_scaling.type is \"yarn\"")]
    [DataRow("rope_theta", "10000", "expected one value")]
    [DataRow("mlp_layer_types", """["dense"]""", "expected one per main layer, 78")]
    [DataRow("indexer_types", """["full"]""", "expected one per main layer, 78")]
    [DataRow("index_topk_freq", "4", "index_skip_topk_offset is missing")]
    [DataRow("quantization_config", """{"quant_method":"awq"}""", "quantization_config.quant_method is \"awq\"")]
    [DataRow("quantization_config", """{"quant_method":"fp8","weight_block_size":[64,128]}""", "[64, 128]; expected [128, 128]")]
    public void What_would_be_computed_wrongly_is_refused(string key, string value, string expected)
    {
        ModelConfigException exception = Assert.ThrowsExactly<ModelConfigException>(
            () => Edited(c => c[key] = JsonNode.Parse(value)));
        StringAssert.Contains(exception.Message, expected);
    }

    [TestMethod]
    [DataRow("[]", "expected an object")]
    [DataRow("", "not valid JSON")]
    [DataRow("{\"a\":1,\"a\":2}", "not valid JSON")]
    [DataRow("{\"model_type\":\"\\ud800\"}", "")]
    public void What_is_no_config_is_refused(string text, string expected) =>
        StringAssert.Contains(
            Assert.ThrowsExactly<ModelConfigException>(() => ModelConfig.Parse(Encoding.UTF8.GetBytes(text), "x")).Message, expected);

    [TestMethod]
    public void Other_forms_of_the_same_are_read()
    {
        ModelConfig c = Edited(static c =>
        {
            c.Remove("rope_parameters");
            c["rope_theta"] = 8e6;
            c["eos_token_id"] = 5;
            c.Remove("indexer_rope_interleave");
            c["head_dim"] = 192;
            c["something_new"] = new JsonObject();
        });
        Assert.AreEqual((8e6, false, 64), (c.RopeTheta, c.IndexerRopeInterleave, c.QkRopeHeadDim));
        CollectionAssert.AreEqual(new[] { 5 }, c.EosTokenIds.ToArray());
        Assert.AreEqual(78, ModelConfig.Parse((byte[])[0xEF, 0xBB, 0xBF, .. s_glm5], "with a byte order mark").LayerCount);
    }

    [TestMethod]
    public void Shared_indexers_follow_the_list_then_the_pattern_then_the_frequency()
    {
        ModelConfig frequency = Edited(static c => (c["index_topk_freq"], c["index_skip_topk_offset"]) = (4, 3));
        int[] full = [.. Enumerable.Range(0, 78).Where(frequency.HasIndexer)];
        Assert.HasCount(21, full);
        CollectionAssert.AreEqual(new[] { 0, 1, 2, 6, 10, 14 }, full[..6]);
        Assert.IsTrue(frequency.HasIndexer(78), "the draft layer selects for itself");

        ModelConfig pattern = Edited(static c =>
        {
            c["index_topk_freq"] = 4;
            c["index_topk_pattern"] = "F" + new string('S', 77);
        });
        Assert.AreEqual(1, Enumerable.Range(0, 78).Count(pattern.HasIndexer));

        ModelConfig list = Edited(static c =>
        {
            c["index_topk_pattern"] = new string('F', 78);
            c["indexer_types"] = new JsonArray(
                [.. Enumerable.Range(0, 78).Select(static l => (JsonNode)(l % 2 == 0 ? "full" : "shared"))]);
        });
        Assert.AreEqual(39, Enumerable.Range(0, 78).Count(list.HasIndexer));
    }

    [TestMethod]
    public void First_layer_cannot_share_what_none_before_it_has()
    {
        ModelConfigException exception = Assert.ThrowsExactly<ModelConfigException>(
            () => Edited(static c => c["index_topk_pattern"] = new string('S', 78)));
        StringAssert.Contains(exception.Message, "layer 0 shares");
    }

    private static ModelConfig Edited(Action<JsonObject> edit)
    {
        JsonObject config = JsonNode.Parse(s_glm5)!.AsObject();
        edit(config);
        return ModelConfig.Parse(Encoding.UTF8.GetBytes(config.ToJsonString()), "config.json");
    }
}
