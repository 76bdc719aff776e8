namespace Glm5.Core.Accelerator;

/// <summary>
/// The cached positions that each token of a step attends to. The model loop holds it, because layers may share one
/// (spec 4.5). <see cref="Everything"/> when no context of the step exceeds index_topk.
/// </summary>
public readonly ref struct Selection
{
    /// <summary>A selection to be filled by SelectTokens: [tokens, index_topk] I32, ascending positions, padded with -1.</summary>
    public Selection(Tensor positions) => Positions = positions;

    /// <summary>Every position up to the token's own.</summary>
    public static Selection Everything => default;

    /// <summary>True when each token attends to every position up to its own.</summary>
    public bool IsEverything => Positions.IsEmpty;

    /// <summary>[tokens, index_topk] I32, ascending, padded with -1; empty for <see cref="Everything"/>.</summary>
    public Tensor Positions { get; }
}

/// <summary>Which experts each token goes to, and with what weight.</summary>
/// <param name="experts">[tokens, k] I32, ascending expert ids.</param>
/// <param name="weights">[tokens, k] F32, normalised and scaled (spec 3.3).</param>
public readonly ref struct Routes(Tensor experts, Tensor weights)
{
    /// <summary>[tokens, k] I32, ascending expert ids.</summary>
    public Tensor Experts { get; } = experts;

    /// <summary>[tokens, k] F32, already times the routed scaling factor.</summary>
    public Tensor Weights { get; } = weights;
}

/// <summary>What the prologue of attention hands on; lives until the enclosing block ends.</summary>
public readonly ref struct MlaQuery
{
    /// <summary>Normed query latent [tokens, q_lora]: the indexer reads it too.</summary>
    public required Tensor Latent { get; init; }

    /// <summary>Query in latent space, q_nope · W_UK: [tokens, heads, kv_lora].</summary>
    public required Tensor Absorbed { get; init; }

    /// <summary>Rotated query part: [tokens, heads, rope].</summary>
    public required Tensor Rope { get; init; }
}
