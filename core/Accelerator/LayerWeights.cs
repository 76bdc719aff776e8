namespace Glm5.Core.Accelerator;

/// <summary>Sizes of attention as one rank holds it.</summary>
/// <param name="Heads">This rank's heads.</param>
/// <param name="Nope">Unrotated query width of a head.</param>
/// <param name="Rope">Rotated width, shared by all heads on the key side.</param>
/// <param name="Value">Value width of a head.</param>
/// <param name="QueryLatent">q_lora_rank.</param>
/// <param name="Latent">kv_lora_rank.</param>
/// <param name="Theta">RoPE base.</param>
/// <param name="Interleaved">RoPE pairs (2i, 2i+1).</param>
/// <param name="Epsilon">rms_norm_eps.</param>
public sealed record AttentionDims(
    int Heads, int Nope, int Rope, int Value, int QueryLatent, int Latent, float Theta, bool Interleaved, float Epsilon)
{
    /// <summary>(nope + rope)^-0.5: logits are scaled by it before the softmax (spec 3.1; no YaRN factor).</summary>
    public float SoftmaxScale { get; } = 1 / MathF.Sqrt(Nope + Rope);
}

/// <summary>Sizes of the lightning indexer; replicated on every rank, so that selections are equal.</summary>
/// <param name="Heads">index_n_heads.</param>
/// <param name="Width">index_head_dim.</param>
/// <param name="Rope">The first dimensions of a head that rotate.</param>
/// <param name="TopK">index_topk.</param>
/// <param name="Interleaved">RoPE pairs (2i, 2i+1).</param>
public sealed record IndexerDims(int Heads, int Width, int Rope, int TopK, bool Interleaved)
{
    /// <summary>Epsilon of k_norm, a LayerNorm of its own (spec 3.2).</summary>
    public const float Epsilon = 1e-6f;

    /// <summary>width^-0.5, inside the ReLU.</summary>
    public float KeyScale { get; } = 1 / MathF.Sqrt(Width);

    /// <summary>heads^-0.5, on the head weights.</summary>
    public float HeadScale { get; } = 1 / MathF.Sqrt(Heads);
}

/// <summary>Attention of one layer. The owner of the model disposes the weights.</summary>
public sealed record AttentionWeights
{
    /// <summary>Layer index: names the caches and the trace.</summary>
    public required int Layer { get; init; }

    /// <summary>Sizes.</summary>
    public required AttentionDims Dims { get; init; }

    /// <summary>q_a_proj [q_lora, hidden], replicated.</summary>
    public required PackedWeight QueryDown { get; init; }

    /// <summary>q_a_layernorm [q_lora].</summary>
    public required PackedWeight QueryNorm { get; init; }

    /// <summary>q_b_proj [heads · (nope + rope), q_lora].</summary>
    public required PackedWeight QueryUp { get; init; }

    /// <summary>kv_a_proj_with_mqa [latent + rope, hidden], replicated.</summary>
    public required PackedWeight LatentDown { get; init; }

    /// <summary>kv_a_layernorm [latent].</summary>
    public required PackedWeight LatentNorm { get; init; }

    /// <summary>W_UK: the key rows of kv_b_proj, heads × [nope, latent].</summary>
    public required PackedWeight KeyUp { get; init; }

    /// <summary>W_UV: the value rows of kv_b_proj, heads × [v, latent].</summary>
    public required PackedWeight ValueUp { get; init; }

    /// <summary>o_proj [hidden, heads · v], row-parallel.</summary>
    public required PackedWeight Output { get; init; }

    /// <summary>The indexer; null in layers that reuse an earlier layer's selection (spec 4.5).</summary>
    public required IndexerWeights? Indexer { get; init; }
}

/// <summary>The lightning indexer of one layer.</summary>
public sealed record IndexerWeights
{
    /// <summary>Sizes.</summary>
    public required IndexerDims Dims { get; init; }

    /// <summary>wq_b [heads · width, q_lora].</summary>
    public required PackedWeight QueryUp { get; init; }

    /// <summary>wk [width, hidden].</summary>
    public required PackedWeight Key { get; init; }

    /// <summary>k_norm.weight [width].</summary>
    public required PackedWeight KeyNorm { get; init; }

    /// <summary>k_norm.bias [width].</summary>
    public required PackedWeight KeyNormBias { get; init; }

    /// <summary>weights_proj [heads, hidden].</summary>
    public required PackedWeight HeadWeights { get; init; }
}

/// <summary>A gated network: down(silu(gate · x) · up · x).</summary>
/// <param name="GateUp">Gate above up, [2 · inner, hidden].</param>
/// <param name="Down">[hidden, inner], row-parallel.</param>
public sealed record MlpWeights(PackedWeight GateUp, PackedWeight Down);

/// <summary>Routed experts with adjacent ids that one rank holds whole (expert parallelism).</summary>
/// <param name="First">The first id.</param>
/// <param name="Count">How many.</param>
public readonly record struct ExpertSpan(int First, int Count)
{
    /// <summary>
    /// The experts of a rank when <paramref name="experts"/> are dealt out over <paramref name="ranks"/>, in the order of
    /// ids: as evenly as they divide.
    /// </summary>
    public static ExpertSpan Of(int rank, int ranks, int experts)
    {
        int first = (int)((long)experts * rank / ranks);
        return new ExpertSpan(first, (int)((long)experts * (rank + 1) / ranks) - first);
    }

    /// <summary>The rank that holds an expert.</summary>
    public static int HolderOf(int expert, int ranks, int experts) => (int)((((long)expert + 1) * ranks - 1) / experts);
}

/// <summary>The routed experts of one layer and the shared one.</summary>
public sealed record MoeWeights
{
    /// <summary>Layer index, for the trace.</summary>
    public required int Layer { get; init; }

    /// <summary>gate.weight [experts, hidden], computed in F32.</summary>
    public required PackedWeight Router { get; init; }

    /// <summary>e_score_correction_bias [experts], F32 and never less (spec 3.3).</summary>
    public required PackedWeight CorrectionBias { get; init; }

    /// <summary>
    /// Routed experts, one group each: a slice of every one, or those of <see cref="Held"/> whole.
    /// </summary>
    public required MlpWeights Experts { get; init; }

    /// <summary>
    /// Which experts the rank holds, where they are spread over the ranks of all groups; null where every rank of the
    /// only group has a slice of each.
    /// </summary>
    public ExpertSpan? Held { get; init; }

    /// <summary>The shared expert, always sliced over the ranks of the group; null where the config has none.</summary>
    public required MlpWeights? Shared { get; init; }

    /// <summary>num_experts_per_tok.</summary>
    public required int ExpertsPerToken { get; init; }

    /// <summary>norm_topk_prob.</summary>
    public required bool Normalize { get; init; }

    /// <summary>routed_scaling_factor.</summary>
    public required float ScalingFactor { get; init; }
}
