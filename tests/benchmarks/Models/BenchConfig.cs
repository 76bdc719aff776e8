using System.Text.Json;

namespace Glm5.Benchmarks.Models;

/// <summary>Writes the config.json of a shape: GLM-5's keys and constants, the shape's dimensions.</summary>
internal static class BenchConfig
{
    public static void Write(string path, Glm5Shape shape, WeightFormat format)
    {
        using FileStream file = File.Create(path);
        using Utf8JsonWriter json = new(file, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        WriteStrings(json, "architectures", ["GlmMoeDsaForCausalLM"]);
        json.WriteString("model_type", "glm_moe_dsa");
        json.WriteString("dtype", "bfloat16");
        WriteDimensions(json, shape);
        WriteConstants(json, shape);
        if (format == WeightFormat.Fp8)
        {
            WriteQuantization(json);
        }

        json.WriteEndObject();
    }

    private static void WriteDimensions(Utf8JsonWriter json, Glm5Shape shape)
    {
        json.WriteNumber("hidden_size", shape.HiddenSize);
        json.WriteNumber("num_hidden_layers", shape.Layers);
        json.WriteNumber("num_nextn_predict_layers", shape.DraftLayers);
        json.WriteNumber("first_k_dense_replace", shape.DenseLayers);
        json.WriteNumber("intermediate_size", shape.DenseIntermediate);
        json.WriteNumber("moe_intermediate_size", shape.ExpertIntermediate);
        json.WriteNumber("n_routed_experts", shape.RoutedExperts);
        json.WriteNumber("num_experts_per_tok", shape.ExpertsPerToken);
        json.WriteNumber("n_shared_experts", shape.SharedExperts);
        json.WriteNumber("num_attention_heads", shape.Heads);
        json.WriteNumber("num_key_value_heads", shape.Heads);
        json.WriteNumber("q_lora_rank", shape.QueryLatent);
        json.WriteNumber("kv_lora_rank", shape.KeyValueLatent);
        json.WriteNumber("qk_nope_head_dim", shape.NopeDim);
        json.WriteNumber("qk_rope_head_dim", shape.RopeDim);
        json.WriteNumber("qk_head_dim", shape.NopeDim + shape.RopeDim);
        json.WriteNumber("head_dim", shape.RopeDim);
        json.WriteNumber("v_head_dim", shape.ValueDim);
        json.WriteNumber("index_n_heads", shape.IndexHeads);
        json.WriteNumber("index_head_dim", shape.IndexDim);
        json.WriteNumber("index_topk", shape.IndexTopK);
        json.WriteNumber("vocab_size", shape.Vocabulary);
        json.WriteNumber("max_position_embeddings", shape.MaxPositions);
    }

    private static void WriteConstants(Utf8JsonWriter json, Glm5Shape shape)
    {
        json.WriteBoolean("attention_bias", false);
        json.WriteNumber("attention_dropout", 0.0);
        json.WriteNumber("ep_size", 1);
        json.WriteString("hidden_act", "silu");
        json.WriteBoolean("indexer_rope_interleave", true);
        json.WriteNumber("initializer_range", 0.02);
        json.WriteNumber("moe_layer_freq", 1);
        json.WriteNumber("n_group", 1);
        json.WriteBoolean("norm_topk_prob", true);
        json.WriteNumber("pretraining_tp", 1);
        json.WriteNumber("rms_norm_eps", 1e-5);
        json.WriteBoolean("rope_interleave", true);
        json.WriteStartObject("rope_parameters");
        json.WriteNumber("rope_theta", 1_000_000);
        json.WriteString("rope_type", "default");
        json.WriteEndObject();
        json.WriteNumber("routed_scaling_factor", 2.5);
        json.WriteString("scoring_func", "sigmoid");
        json.WriteBoolean("tie_word_embeddings", false);
        json.WriteNumber("topk_group", 1);
        json.WriteString("topk_method", "noaux_tc");
        json.WriteBoolean("use_cache", true);
        WriteEndTokens(json, shape);
    }

    /// <summary>The last three ids, as in GLM-5 the three end tokens sit in the special range at the end.</summary>
    private static void WriteEndTokens(Utf8JsonWriter json, Glm5Shape shape)
    {
        json.WriteStartArray("eos_token_id");
        for (int id = shape.Vocabulary - 3; id < shape.Vocabulary; id++)
        {
            json.WriteNumberValue(id);
        }

        json.WriteEndArray();
        json.WriteNumber("pad_token_id", shape.Vocabulary - 3);
    }

    private static void WriteQuantization(Utf8JsonWriter json)
    {
        json.WriteStartObject("quantization_config");
        json.WriteString("activation_scheme", "dynamic");
        json.WriteString("fmt", "e4m3");
        json.WriteString("quant_method", "fp8");
        json.WriteStartArray("weight_block_size");
        json.WriteNumberValue(BenchTensor.ScaleBlock);
        json.WriteNumberValue(BenchTensor.ScaleBlock);
        json.WriteEndArray();
        WriteStrings(json, "modules_to_not_convert", ["lm_head", "model.embed_tokens"]);
        json.WriteEndObject();
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, ReadOnlySpan<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}
