namespace Glm5.Core.Weights;

/// <summary>
/// The checkpoint's names. Those without "model." or "lm_head" are inside a layer: <see cref="InLayer"/> makes them
/// whole. Draft layers are numbered after the main ones and use the main model's embedding and head.
/// </summary>
public static class WeightNames
{
    public const string Embedding = "model.embed_tokens.weight";
    public const string FinalNorm = "model.norm.weight";
    public const string Head = "lm_head.weight";

    public const string InputNorm = "input_layernorm.weight";
    public const string PostAttentionNorm = "post_attention_layernorm.weight";

    public const string QueryDown = "self_attn.q_a_proj.weight";
    public const string QueryLatentNorm = "self_attn.q_a_layernorm.weight";
    public const string QueryUp = "self_attn.q_b_proj.weight";
    public const string LatentDown = "self_attn.kv_a_proj_with_mqa.weight";
    public const string LatentNorm = "self_attn.kv_a_layernorm.weight";
    public const string LatentUp = "self_attn.kv_b_proj.weight";
    public const string AttentionOut = "self_attn.o_proj.weight";

    public const string IndexerQuery = "self_attn.indexer.wq_b.weight";
    public const string IndexerKey = "self_attn.indexer.wk.weight";
    public const string IndexerKeyNorm = "self_attn.indexer.k_norm.weight";
    public const string IndexerKeyNormBias = "self_attn.indexer.k_norm.bias";
    public const string IndexerHeadWeights = "self_attn.indexer.weights_proj.weight";

    public const string MlpGate = "mlp.gate_proj.weight";
    public const string MlpUp = "mlp.up_proj.weight";
    public const string MlpDown = "mlp.down_proj.weight";

    public const string Router = "mlp.gate.weight";
    public const string RouterBias = "mlp.gate.e_score_correction_bias";
    public const string SharedGate = "mlp.shared_experts.gate_proj.weight";
    public const string SharedUp = "mlp.shared_experts.up_proj.weight";
    public const string SharedDown = "mlp.shared_experts.down_proj.weight";

    public const string DraftEmbeddingNorm = "enorm.weight";
    public const string DraftHiddenNorm = "hnorm.weight";
    public const string DraftInput = "eh_proj.weight";
    public const string DraftHeadNorm = "shared_head.norm.weight";

    /// <summary>
    /// Copies of the embedding and the head that some exporters write into a draft layer; never read.
    /// </summary>
    public static IReadOnlyList<string> DraftCopies { get; } = ["embed_tokens.weight", "shared_head.head.weight"];

    private const string ScaleSuffix = "_scale_inv";
    private const string ChannelScaleSuffix = "_scale";
    private const string ChannelOffsetSuffix = "_offset";

    public static string InLayer(int layer, string name) => $"model.layers.{layer}.{name}";

    public static string ExpertGate(int layer, int expert) => InExpert(layer, expert, "gate_proj.weight");

    public static string ExpertUp(int layer, int expert) => InExpert(layer, expert, "up_proj.weight");

    public static string ExpertDown(int layer, int expert) => InExpert(layer, expert, "down_proj.weight");

    /// <summary>The block scales of an FP8 matrix. They multiply, whatever the suffix says.</summary>
    public static string Scales(string weight) => weight + ScaleSuffix;

    /// <summary>The scales of an 8-bit integer matrix, one a row.</summary>
    public static string ChannelScales(string weight) => weight + ChannelScaleSuffix;

    /// <summary>Its zero points, one a row, which are zero in a symmetric quantisation.</summary>
    public static string ChannelOffsets(string weight) => weight + ChannelOffsetSuffix;

    private static string InExpert(int layer, int expert, string name) =>
        $"model.layers.{layer}.mlp.experts.{expert}.{name}";
}
