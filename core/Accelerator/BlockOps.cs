namespace Glm5.Core.Accelerator;

/// <summary>
/// Level 3 of the contract: what the model calls. Blocks write into the caller's tensors and leave the arena as they
/// found it.
/// </summary>
public abstract class BlockOps(DeviceMemory memory, ActivationArena arena, Collectives collectives)
    : StepOps(memory, arena)
{
    /// <summary>Exchange with the other ranks.</summary>
    protected Collectives Collectives { get; } = collectives;

    /// <summary>Room for an unreduced [tokens, width]; lives until the caller's arena scope ends.</summary>
    public PartialSum NewPartialSum(long tokens, long width) =>
        new(Arena.Take(ElementType.F32, AddendsPerRank, tokens, width));

    /// <summary>Addends that this rank contributes to a <see cref="PartialSum"/>.</summary>
    protected virtual int AddendsPerRank => 1;

    /// <summary>
    /// Sparse MLA attention of a layer: x [tokens, hidden] is its normed input. Fills <paramref name="selection"/> where
    /// the layer has an indexer, and reads it as it is where it has none.
    /// </summary>
    public void Attention(
        AttentionWeights weights, Tensor x, StepPlan plan, KvStore kv, Selection selection, PartialSum into)
    {
        Check("Attention", x, plan.Layout.TokenCount, into.Width);
        using ActivationArena.Scope scope = Arena.Open();
        AttentionCore(weights, x, plan, kv, selection, into);
    }

    /// <summary>A dense network: x [tokens, hidden].</summary>
    public void Mlp(MlpWeights weights, Tensor x, PartialSum into)
    {
        Check("Mlp", x, into.Tokens, weights.GateUp.Columns);
        using ActivationArena.Scope scope = Arena.Open();
        MlpCore(weights, x, into);
    }

    /// <summary>Routed and shared experts: x [tokens, hidden].</summary>
    public void Moe(MoeWeights weights, Tensor x, PartialSum into)
    {
        Check("Moe", x, into.Tokens, weights.Router.Columns);
        using ActivationArena.Scope scope = Arena.Open();
        MoeCore(weights, x, into);
    }

    /// <summary>
    /// residual += Σ over ranks and addends of <paramref name="sum"/>, in fixed order; normed = RmsNorm(residual).
    /// All [tokens, hidden]; residual and normed are equal on every rank afterwards.
    /// </summary>
    public void ReduceAddNorm(PartialSum sum, Tensor residual, PackedWeight norm, float epsilon, Tensor normed)
    {
        Check("ReduceAddNorm", residual, sum.Tokens, sum.Width);
        Check("ReduceAddNorm", normed, sum.Tokens, sum.Width);
        using ActivationArena.Scope scope = Arena.Open();
        ReduceAddNormCore(sum, residual, norm, epsilon, normed);
    }

    /// <summary>Definition of <see cref="Attention"/>.</summary>
    protected virtual void AttentionCore(
        AttentionWeights weights, Tensor x, StepPlan plan, KvStore kv, Selection selection, PartialSum into)
    {
        MlaQuery query = MlaPrologue(weights, x, plan, kv);
        if (weights.Indexer is not null)
            SelectTokens(weights, x, query.Latent, plan, kv, selection);
        Tensor attended = SparseAttend(weights, query, plan, kv, selection);
        MlaEpilogue(weights, attended, into);
    }

    /// <summary>Definition of <see cref="Mlp"/>.</summary>
    protected virtual void MlpCore(MlpWeights weights, Tensor x, PartialSum into) => RunMlp(weights, x, WholeSum(into));

    /// <summary>Definition of <see cref="Moe"/>.</summary>
    /// <remarks>
    /// Where experts are spread within one group, every rank has all tokens and reducing adds up what each rank's experts
    /// made of them. Between groups the tokens travel: each rank gathers those of its peers across the groups, runs its
    /// experts for all of them, and gets back the sums for its own.
    /// </remarks>
    protected virtual void MoeCore(MoeWeights weights, Tensor x, PartialSum into)
    {
        Routes routes = Route(weights, x);
        if (weights.Held is not null && Collectives.Across is { } across)
            RunAcross(across, weights, x, routes, WholeSum(into));
        else
            RunExperts(weights, x, routes, into);
    }

    private void RunAcross(Collectives across, MoeWeights weights, Tensor x, Routes routes, Tensor sum)
    {
        using ActivationArena.Scope scope = Arena.Open();
        Span<int> rows = stackalloc int[across.Size];
        across.AllGather((int)x[0], rows);
        long total = 0;
        foreach (int count in rows)
            total += count;
        Tensor everyX = Gathered(across, x, rows, total);
        var everyRoute = new Routes(
            Gathered(across, routes.Experts, rows, total), Gathered(across, routes.Weights, rows, total));
        Tensor share = Arena.Take(ElementType.F32, total, sum[1]);
        RunRouted(weights, everyX, everyRoute, share);
        across.ReduceScatterRows(share, rows, sum);
        if (weights.Shared is { } shared)
            AddMlp(shared, x, sum);
    }

    private Tensor Gathered(Collectives across, Tensor local, scoped ReadOnlySpan<int> rows, long total)
    {
        Tensor all = Arena.Take(local.Type, total, local[1]);
        across.AllGatherRows(local, rows, all);
        return all;
    }

    /// <summary>Definition of <see cref="ReduceAddNorm"/>.</summary>
    protected virtual void ReduceAddNormCore(
        PartialSum sum, Tensor residual, PackedWeight norm, float epsilon, Tensor normed)
    {
        Tensor addends = Addends(sum);
        Tensor total = addends.Slice(0, 1).As(sum.Tokens, sum.Width);
        for (long a = 1; a < addends[0]; a++)
            Add(total, addends.Slice(a, 1).As(sum.Tokens, sum.Width), total);
        Collectives.AllReduceSum(total);
        Add(residual, total, residual);
        RmsNorm(residual, norm, epsilon, normed);
    }
}
