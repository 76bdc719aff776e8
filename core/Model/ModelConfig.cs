using System.Collections.Immutable;

namespace Glm5.Core.Model;

/// <summary>What the feed-forward half of a layer is.</summary>
public enum MlpKind
{
    /// <summary>One gated MLP of width <see cref="ModelConfig.IntermediateSize"/>.</summary>
    Dense,

    /// <summary>Routed experts and shared experts of width <see cref="ModelConfig.MoeIntermediateSize"/>.</summary>
    Sparse,
}

/// <summary>Whether a layer selects its own keys.</summary>
public enum IndexerKind
{
    /// <summary>The layer has indexer weights and selects.</summary>
    Full,

    /// <summary>The layer has none and reuses the selection of the nearest full layer before it.</summary>
    Shared,
}

/// <summary>
/// The dimensions and switches of a <c>GlmMoeDsaForCausalLM</c> checkpoint, as its config.json gives them.
/// <see cref="Parse"/> is the way to one: it refuses what this runtime would compute wrongly. Layers are numbered
/// 0 .. <see cref="LayerCount"/> - 1; draft layers follow them.
/// </summary>
public sealed record ModelConfig
{
    /// <summary><c>hidden_size</c>: width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary><c>num_hidden_layers</c>: main layers, draft layers not counted.</summary>
    public required int LayerCount { get; init; }

    /// <summary><c>num_nextn_predict_layers</c>: 0 or 1.</summary>
    public int DraftLayerCount { get; init; }

    /// <summary><c>num_attention_heads</c>: query heads; all share one latent.</summary>
    public required int HeadCount { get; init; }

    /// <summary><c>q_lora_rank</c>: width of the query latent, which also feeds the indexer.</summary>
    public required int QLoraRank { get; init; }

    /// <summary><c>kv_lora_rank</c>: width of the cached latent, without its RoPE part.</summary>
    public required int KvLoraRank { get; init; }

    /// <summary><c>qk_nope_head_dim</c>: dimensions of a query or key head that carry no position.</summary>
    public required int QkNopeHeadDim { get; init; }

    /// <summary><c>qk_rope_head_dim</c>: rotated dimensions, in the attention and in the indexer. Even.</summary>
    public required int QkRopeHeadDim { get; init; }

    /// <summary><c>v_head_dim</c>.</summary>
    public required int VHeadDim { get; init; }

    /// <summary>
    /// Width of a query head. The file's <c>head_dim</c> means different things in different releases and is not read.
    /// </summary>
    public int QkHeadDim => QkNopeHeadDim + QkRopeHeadDim;

    /// <summary>Width of a row of the attention's cache: the latent, then the rotated key.</summary>
    public int LatentWidth => KvLoraRank + QkRopeHeadDim;

    /// <summary><c>index_n_heads</c>.</summary>
    public required int IndexHeadCount { get; init; }

    /// <summary>
    /// <c>index_head_dim</c>: width of an indexer head and of a row of the indexer's cache; RoPE turns its first
    /// dimensions.
    /// </summary>
    public required int IndexHeadDim { get; init; }

    /// <summary><c>index_topk</c>: keys a query attends to at most.</summary>
    public required int IndexTopK { get; init; }

    /// <summary>
    /// <c>indexer_rope_interleave</c>: adjacent pairs (2i, 2i+1) rather than halves. Absent means halves, as in
    /// DeepSeek-V3.2.
    /// </summary>
    public bool IndexerRopeInterleave { get; init; }

    /// <summary><c>index_share_for_mtp_iteration</c>: later draft steps reuse the first step's selection.</summary>
    public bool IndexShareForMtpIteration { get; init; }

    /// <summary>One entry per main layer; empty means all <see cref="IndexerKind.Full"/>.</summary>
    public ImmutableArray<IndexerKind> IndexerTypes { get; init; } = [];

    /// <summary><c>intermediate_size</c>: inner width of a dense MLP.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary><c>moe_intermediate_size</c>: inner width of one expert.</summary>
    public required int MoeIntermediateSize { get; init; }

    /// <summary><c>n_routed_experts</c>.</summary>
    public required int RoutedExpertCount { get; init; }

    /// <summary>
    /// <c>n_shared_experts</c>: stored as one MLP of this many times the expert's width; 0 means none.
    /// </summary>
    public required int SharedExpertCount { get; init; }

    /// <summary>Inner width of the shared experts' MLP.</summary>
    public int SharedIntermediateSize => SharedExpertCount * MoeIntermediateSize;

    /// <summary><c>num_experts_per_tok</c>.</summary>
    public required int ExpertsPerToken { get; init; }

    /// <summary><c>routed_scaling_factor</c>: multiplies the routed experts' weights, not the shared experts.</summary>
    public required float RoutedScalingFactor { get; init; }

    /// <summary><c>norm_topk_prob</c>: the chosen experts' weights are divided by their sum.</summary>
    public bool NormTopKProb { get; init; } = true;

    /// <summary>
    /// <c>first_k_dense_replace</c>: dense layers in front. <see cref="IsMoe"/> is the answer for one layer.
    /// </summary>
    public int FirstDenseLayers { get; init; }

    /// <summary>
    /// <c>mlp_layer_types</c>, one entry per main layer; empty means <see cref="FirstDenseLayers"/> decides.
    /// </summary>
    public ImmutableArray<MlpKind> MlpTypes { get; init; } = [];

    /// <summary>
    /// <c>rope_theta</c>, from <c>rope_parameters</c> or the top level. There is no default: a wrong base mis-rotates
    /// silently.
    /// </summary>
    public required double RopeTheta { get; init; }

    /// <summary>
    /// <c>rms_norm_eps</c>: for every RMSNorm, the latents' included. The indexer's LayerNorm has its own, 1e-6.
    /// </summary>
    public required float RmsNormEps { get; init; }

    /// <summary><c>max_position_embeddings</c>: tokens of the longest context.</summary>
    public required int MaxPositions { get; init; }

    /// <summary><c>vocab_size</c>: rows of embedding and head; some may name no token.</summary>
    public required int VocabSize { get; init; }

    /// <summary><c>eos_token_id</c>: any of them ends a turn. May be empty.</summary>
    public ImmutableArray<int> EosTokenIds { get; init; } = [];

    /// <summary><c>pad_token_id</c>.</summary>
    public int? PadTokenId { get; init; }

    /// <summary><c>tie_word_embeddings</c>: without an <c>lm_head.weight</c> the embedding is the head.</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>
    /// <c>quantization_config</c>, null in the BF16 release. It gives the block size; whether one matrix is
    /// quantised its stored type says, because the file's list of exceptions names tensors that do not exist.
    /// </summary>
    public Fp8BlockQuantisation? Quantisation { get; init; }

    /// <summary>Whether a layer, draft layers included, routes to experts. Draft layers always do.</summary>
    public bool IsMoe(int layer)
    {
        CheckLayer(layer);
        if (layer >= LayerCount)
        {
            return true;
        }

        return MlpTypes.IsDefaultOrEmpty ? layer >= FirstDenseLayers : MlpTypes[layer] == MlpKind.Sparse;
    }

    /// <summary>Whether a layer, draft layers included, has indexer weights. Draft layers always do.</summary>
    public bool HasIndexer(int layer)
    {
        CheckLayer(layer);
        return layer >= LayerCount || IndexerTypes.IsDefaultOrEmpty || IndexerTypes[layer] == IndexerKind.Full;
    }

    /// <summary>Reads a config.json.</summary>
    /// <param name="json">UTF-8, with or without a byte order mark. Unknown keys are ignored.</param>
    /// <param name="where">How messages name the file.</param>
    /// <exception cref="ModelConfigException">With every problem found, not only the first.</exception>
    public static ModelConfig Parse(ReadOnlyMemory<byte> json, string where) => ModelConfigReader.Read(json, where);

    private void CheckLayer(int layer)
    {
        if (layer < 0 || layer >= LayerCount + DraftLayerCount)
        {
            throw new ArgumentOutOfRangeException(
                nameof(layer), layer, $"the model has {LayerCount} main and {DraftLayerCount} draft layers");
        }
    }
}

/// <summary>E4M3 codes with one F32 scale per block, which multiplies. Activations are scaled as they come.</summary>
/// <param name="BlockRows">Rows of a block; the last block of a matrix may be lower.</param>
/// <param name="BlockColumns">Columns of a block; the last may be narrower.</param>
public readonly record struct Fp8BlockQuantisation(int BlockRows, int BlockColumns)
{
    /// <summary>The one block shape GLM-5's FP8 releases use.</summary>
    public static readonly Fp8BlockQuantisation Standard = new(128, 128);
}
