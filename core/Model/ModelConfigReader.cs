using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Unicode;

namespace Glm5.Core.Model;

/// <summary>
/// config.json to <see cref="ModelConfig"/>: every key is read and checked before the first complaint is thrown.
/// </summary>
internal static class ModelConfigReader
{
    private const string Architecture = "GlmMoeDsaForCausalLM";
    private const string ModelType = "glm_moe_dsa";
    private const int MostLayers = 4096;
    private const int MostExperts = 1 << 20;

    // Sixteen times what GLM-5 has; kernels keep a value a head on the stack.
    private const int MostHeads = 1024;
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };

    public static ModelConfig Read(ReadOnlyMemory<byte> json, string where)
    {
        using JsonDocument document = ParseObject(json, where);
        List<string> problems = [];
        try
        {
            ModelConfig config = Read(new JsonFields(document.RootElement, "", problems));
            return problems.Count == 0 ? config : throw new ModelConfigException(where, problems);
        }
        catch (InvalidOperationException)
        {
            // A string with half a surrogate pair (\ud800) is JSON, but no text can be made of it.
            throw new ModelConfigException(where, [.. problems, "a string in it is not valid Unicode"]);
        }
    }

    private static ModelConfig Read(JsonFields fields)
    {
        CheckFamily(fields);
        ModelConfig config = ReadDimensions(fields);
        CheckDimensions(config, fields);
        return config with
        {
            MlpTypes = ReadMlpTypes(fields, config.LayerCount),
            IndexerTypes = IndexerPlan.Read(fields, config.LayerCount),
            Quantisation = ReadQuantisation(fields),
        };
    }

    private static JsonDocument ParseObject(ReadOnlyMemory<byte> json, string where)
    {
        if (!Utf8.IsValid(json.Span))
        {
            throw new ModelConfigException(where, ["it is not valid UTF-8; expected JSON text"]);
        }

        ReadOnlySpan<byte> byteOrderMark = [0xEF, 0xBB, 0xBF];
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json.Span.StartsWith(byteOrderMark) ? json[3..] : json, s_strict);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new ModelConfigException(where, [$"it is not valid JSON: {exception.Message}"]);
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return document;
        }

        string kind = document.RootElement.ValueKind.ToString();
        document.Dispose();
        throw new ModelConfigException(where, [$"it holds a JSON {kind}; expected an object"]);
    }

    /// <summary>What would be computed wrongly, because only one of its values is implemented.</summary>
    private static void CheckFamily(JsonFields fields)
    {
        string[]? architectures = fields.Texts("architectures");
        if (architectures is not null && Array.IndexOf(architectures, Architecture) < 0)
        {
            fields.Problems.Add(
                $"architectures is [{string.Join(", ", architectures)}]; this runtime serves {Architecture} only");
        }
        else if (architectures is null && fields.Text("model_type") is null)
        {
            fields.Missing("architectures", $"[\"{Architecture}\"]", 0);
        }

        fields.Only("model_type", ModelType);
        fields.Only("hidden_act", "silu");
        fields.Only("scoring_func", "sigmoid");
        fields.Only("topk_method", "noaux_tc");
        fields.Only("attention_bias", false);
        fields.Only("rope_interleave", true);
        // One group makes the router's group stage the identity; no GLM-5 has more.
        fields.Only("n_group", 1);
        fields.Only("topk_group", 1);
        if (fields.Integer("moe_layer_freq", 1, int.MaxValue, fallback: 1) is not 1 and int frequency)
        {
            fields.Problems.Add(
                $"moe_layer_freq is {frequency}; only 1 is supported (mlp_layer_types says it per layer)");
        }
    }

    private static ModelConfig ReadDimensions(JsonFields fields)
    {
        int vocabulary = fields.Dimension("vocab_size");
        return new ModelConfig
        {
            HiddenSize = fields.Dimension("hidden_size"),
            LayerCount = fields.Integer("num_hidden_layers", 1, MostLayers, fallback: null),
            DraftLayerCount = fields.Integer("num_nextn_predict_layers", 0, 1, fallback: 0),
            HeadCount = fields.Integer("num_attention_heads", 1, MostHeads, fallback: null),
            QLoraRank = fields.Dimension("q_lora_rank"),
            KvLoraRank = fields.Dimension("kv_lora_rank"),
            QkNopeHeadDim = fields.Dimension("qk_nope_head_dim"),
            QkRopeHeadDim = fields.Dimension("qk_rope_head_dim"),
            VHeadDim = fields.Dimension("v_head_dim"),
            IndexHeadCount = fields.Integer("index_n_heads", 1, MostHeads, fallback: null),
            IndexHeadDim = fields.Dimension("index_head_dim"),
            IndexTopK = fields.Dimension("index_topk"),
            IndexerRopeInterleave = fields.Flag("indexer_rope_interleave", fallback: false),
            IndexShareForMtpIteration = fields.Flag("index_share_for_mtp_iteration", fallback: false),
            IntermediateSize = fields.Dimension("intermediate_size"),
            MoeIntermediateSize = fields.Dimension("moe_intermediate_size"),
            RoutedExpertCount = fields.Dimension("n_routed_experts"),
            SharedExpertCount = fields.Integer("n_shared_experts", 0, 64, fallback: null),
            ExpertsPerToken = fields.Dimension("num_experts_per_tok"),
            RoutedScalingFactor = (float)fields.Positive("routed_scaling_factor"),
            NormTopKProb = fields.Flag("norm_topk_prob", fallback: true),
            FirstDenseLayers = ReadFirstDenseLayers(fields),
            RopeTheta = ReadRopeTheta(fields),
            RmsNormEps = (float)fields.Positive("rms_norm_eps"),
            MaxPositions = fields.Integer("max_position_embeddings", 1, int.MaxValue, fallback: null),
            VocabSize = vocabulary,
            EosTokenIds = [.. fields.Integers("eos_token_id", 0, vocabulary - 1)],
            PadTokenId = fields.Has("pad_token_id") ? fields.Integer("pad_token_id", -1, vocabulary - 1, null) : null,
            TieWordEmbeddings = fields.Flag("tie_word_embeddings", fallback: false),
        };
    }

    /// <summary>Relations between keys.</summary>
    private static void CheckDimensions(ModelConfig c, JsonFields fields)
    {
        List<string> problems = fields.Problems;
        if (fields.Has("qk_head_dim") && fields.Dimension("qk_head_dim") is int declared && declared != c.QkHeadDim)
        {
            problems.Add($"qk_head_dim is {declared}; expected qk_nope_head_dim + qk_rope_head_dim = {c.QkHeadDim}");
        }

        Require(fields, c.QkRopeHeadDim % 2 == 0, "qk_rope_head_dim", "qk_rope_head_dim",
            $"qk_rope_head_dim is {c.QkRopeHeadDim}; RoPE turns pairs, so it must be even");
        Require(fields, c.IndexHeadDim >= c.QkRopeHeadDim, "index_head_dim", "qk_rope_head_dim",
            $"index_head_dim is {c.IndexHeadDim}, less than the {c.QkRopeHeadDim} dimensions (qk_rope_head_dim) "
            + "turned in it");
        Require(fields, c.ExpertsPerToken <= c.RoutedExpertCount, "num_experts_per_tok", "n_routed_experts",
            $"num_experts_per_tok is {c.ExpertsPerToken}, but there are only {c.RoutedExpertCount} experts "
            + "(n_routed_experts)");
        Require(fields, c.FirstDenseLayers <= c.LayerCount, "first_k_dense_replace", "num_hidden_layers",
            $"first_k_dense_replace is {c.FirstDenseLayers}, but there are only {c.LayerCount} layers "
            + "(num_hidden_layers)");
        long experts = (long)c.LayerCount * c.RoutedExpertCount;
        Require(fields, experts <= MostExperts, "n_routed_experts", "num_hidden_layers",
            $"num_hidden_layers x n_routed_experts is {experts}; at most {MostExperts} experts are supported");
    }

    private static void Require(JsonFields fields, bool holds, string key, string otherKey, string problem)
    {
        // A relation is only worth a line when both keys were given: otherwise the absence is the line.
        if (!holds && fields.Has(key) && fields.Has(otherKey))
        {
            fields.Problems.Add(problem);
        }
    }

    private static int ReadFirstDenseLayers(JsonFields fields) =>
        fields.Integer("first_k_dense_replace", 0, MostLayers, fallback: fields.Has("mlp_layer_types") ? 0 : null);

    private static ImmutableArray<MlpKind> ReadMlpTypes(JsonFields fields, int layers)
    {
        if (fields.Texts("mlp_layer_types") is not { } names)
        {
            return [];
        }

        if (names.Length != layers)
        {
            fields.Problems.Add($"mlp_layer_types has {names.Length} entries; expected one per main layer, {layers}");
            return [];
        }

        var kinds = new MlpKind[layers];
        for (int l = 0; l < layers; l++)
        {
            if (names[l] is not ("dense" or "sparse"))
            {
                fields.Problems.Add($"mlp_layer_types[{l}] is \"{names[l]}\"; expected \"dense\" or \"sparse\"");
            }

            kinds[l] = names[l] == "dense" ? MlpKind.Dense : MlpKind.Sparse;
        }

        return [.. kinds];
    }

    private static double ReadRopeTheta(JsonFields fields)
    {
        if (fields.Object("rope_scaling") is { } scaling)
        {
            scaling.Only("rope_type", "default");
            scaling.Only("type", "default");
        }

        if (fields.Object("rope_parameters") is not { } nested)
        {
            return fields.Positive("rope_theta");
        }

        nested.Only("rope_type", "default");
        nested.Only("type", "default");
        if (!nested.Has("rope_theta"))
        {
            return fields.Positive("rope_theta");
        }

        double theta = nested.Positive("rope_theta");
        if (fields.Has("rope_theta") && fields.Positive("rope_theta") is double other && other != theta)
        {
            fields.Problems.Add($"rope_parameters.rope_theta is {theta} and rope_theta is {other}; expected one value");
        }

        return theta;
    }

    private static Fp8BlockQuantisation? ReadQuantisation(JsonFields fields)
    {
        if (fields.Object("quantization_config") is not { } quantisation)
        {
            return null;
        }

        Fp8BlockQuantisation standard = Fp8BlockQuantisation.Standard;
        if (quantisation.Text("quant_method") is null)
        {
            quantisation.Missing("quant_method", "\"fp8\"", 0);
        }

        quantisation.Only("quant_method", "fp8");
        quantisation.Only("fmt", "e4m3");
        quantisation.Only("activation_scheme", "dynamic");
        List<int> block = quantisation.Integers("weight_block_size", 1, JsonFields.LargestDimension);
        if (block.Count != 2 || block[0] != standard.BlockRows || block[1] != standard.BlockColumns)
        {
            fields.Problems.Add($"quantization_config.weight_block_size is [{string.Join(", ", block)}]; "
                + $"expected [{standard.BlockRows}, {standard.BlockColumns}]");
        }

        return standard;
    }
}
