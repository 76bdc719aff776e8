using Glm5.Core.Accelerator;

namespace Glm5.Core.Model;

/// <summary>One decoder layer's weights on one rank, and how it runs. Exactly one of <see cref="Mlp"/> and <see cref="Moe"/> is there.</summary>
public sealed record DecoderLayer
{
    /// <summary>input_layernorm; applied by whoever runs before the layer.</summary>
    public required PackedWeight InputNorm { get; init; }

    /// <summary>Attention and its indexer.</summary>
    public required AttentionWeights Attention { get; init; }

    /// <summary>post_attention_layernorm.</summary>
    public required PackedWeight PostAttentionNorm { get; init; }

    /// <summary>The dense network of the first layers.</summary>
    public MlpWeights? Mlp { get; init; }

    /// <summary>The experts of the others.</summary>
    public MoeWeights? Moe { get; init; }

    /// <summary>
    /// h += Attention(x); x = norm(h); h += network(x); x = <paramref name="nextNorm"/>(h).
    /// residual h and normed x are [tokens, hidden]; x comes in as input_layernorm(h).
    /// </summary>
    public void Run(
        BlockOps ops, StepPlan plan, KvStore kv, Selection selection, Tensor residual, Tensor normed,
        PackedWeight nextNorm, float epsilon)
    {
        using ActivationArena.Scope scope = ops.Arena.Open();
        PartialSum sum = ops.NewPartialSum(residual[0], residual[1]);
        ops.Attention(Attention, normed, plan, kv, selection, sum);
        ops.ReduceAddNorm(sum, residual, PostAttentionNorm, epsilon, normed);
        if (Moe is not null)
            ops.Moe(Moe, normed, sum);
        else
            ops.Mlp(Mlp!, normed, sum);
        ops.ReduceAddNorm(sum, residual, nextNorm, epsilon, normed);
    }
}
