using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Oracle;

/// <summary>Gated networks, dense and of experts, and the choice among them (specification 3.3).</summary>
public sealed partial class OracleOps
{
    private const float ScoreSumEpsilon = 1e-20f;

    private readonly List<Share> _shares = [];

    /// <summary>
    /// g[t, e] = sigmoid(x[t] · W_r[e]); idx = the k largest of g + bias;
    /// r[t, e] = g[t, e] / (Σ_idx g + 1e-20) · factor: the bias chooses, it does not weigh. Where fewer than k scores are
    /// numbers, the lowest other ids fill up.
    /// </summary>
    protected override Routes RouteCore(MoeWeights weights, Tensor x)
    {
        int k = weights.ExpertsPerToken;
        Tensor experts = Arena.Take(ElementType.I32, x[0], k), chosen = Arena.Take(ElementType.F32, x[0], k);
        using ActivationArena.Scope scope = Arena.Open();
        Tensor scores = Arena.Take(ElementType.F32, x[0], weights.Router.Rows);
        MatMulCore(x, weights.Router, scores);
        SigmoidCore(scores, scores);
        Span<float> ch = new Floats(Arena.Take(ElementType.F32, 1, weights.Router.Rows)).Row(0);
        Floats g = new(scores), r = new(chosen);
        ReadOnlySpan<float> bias = Vector(weights.CorrectionBias);
        for (long t = 0; t < x[0]; t++)
        {
            for (int e = 0; e < ch.Length; e++)
                ch[e] = g[t, e] + bias[e];
            Span<int> idx = new Ints(experts).Row(t);
            Equations.TopK(ch, idx);
            Equations.FillChoices(idx);
            Weigh(weights, g.Row(t), idx, r.Row(t));
        }

        return new Routes(experts, chosen);
    }

    /// <summary>y[t] = shared(x[t]) + Σ_e r[t, e] · expert_e(x[t]), e ascending, in chunks of K.</summary>
    protected override void RunExpertsCore(MoeWeights weights, Tensor x, Routes routes, PartialSum into)
    {
        FillCore(Addends(into), 0);
        if (weights.Shared is { } shared)
            AddNetwork(shared, 0, x, EveryToken(x[0]), into);
        for (int e = 0; e < weights.Experts.GateUp.Groups; e++)
            AddNetwork(weights.Experts, e, x, TokensOf(e, routes), into);
    }

    /// <summary>
    /// y[t] = shared(x[t]) + Σ_e r[t, e] · expert_e(x[t]), e ascending, where each rank holds some experts whole and the tokens
    /// of every group come to all of them: expert by expert, its rank shows r[t, e] · expert_e(x[t]) in the chunks of K, and
    /// the rank of the token adds those chunks that are its own.
    /// </summary>
    protected override void MoeCore(MoeWeights weights, Tensor x, PartialSum into)
    {
        if (weights.Held is not { } held || ranks.Experts is not { } exchange)
        {
            base.MoeCore(weights, x, into);
            return;
        }

        Routes routes = Route(weights, x);
        FillCore(Addends(into), 0);
        if (weights.Shared is { } shared)
            AddNetwork(shared, 0, x, EveryToken(x[0]), into);
        ReadOnlySpan<Offer> offers = exchange.Dispatch(x, routes);
        for (int e = 0; e < weights.Router.Rows; e++)
            AddSpreadExpert(weights, held, e, offers, exchange, into);
    }

    /// <inheritdoc/>
    protected override void MlpCore(MlpWeights weights, Tensor x, PartialSum into)
    {
        FillCore(Addends(into), 0);
        AddNetwork(weights, 0, x, EveryToken(x[0]), into);
    }

    private static void Weigh(MoeWeights weights, ReadOnlySpan<float> g, ReadOnlySpan<int> idx, Span<float> r)
    {
        float sum = 0;
        for (int i = 0; i < idx.Length; i++)
            sum += g[idx[i]];
        for (int i = 0; i < idx.Length; i++)
            r[i] = (weights.Normalize ? g[idx[i]] / (sum + ScoreSumEpsilon) : g[idx[i]]) * weights.ScalingFactor;
    }

    /// <summary>a[t, i] = silu(x[t] · W_gate[i]) · (x[t] · W_up[i]); y[t] += r[t] · (a[t] · W_downᵀ), in chunks of K.</summary>
    private void AddNetwork(MlpWeights weights, int e, Tensor x, List<Share> shares, PartialSum into)
    {
        if (shares.Count == 0)
            return;
        using ActivationArena.Scope scope = Arena.Open();
        long inner = weights.Down.Columns;
        Floats a = new(Arena.Take(ElementType.F32, x[0], inner)), h = new(x);
        for (long i = 0; i < inner; i++)
        {
            ReadOnlySpan<float> gate = Row(weights.GateUp, e, i);
            foreach ((int t, _) in shares)
                a[t, i] = Equations.Silu(Equations.Dot(h.Row(t), gate));
            ReadOnlySpan<float> up = Row(weights.GateUp, e, inner + i);
            foreach ((int t, _) in shares)
                a[t, i] *= Equations.Dot(h.Row(t), up);
        }

        AddRowParallel(a, weights.Down, e, shares, into);
    }

    /// <summary>y_c[t, n] += r[t] · Σ_{k ∈ c} a[t, k] · W[n, k] for each chunk c of this rank: <see cref="RowParallelChunks"/>.</summary>
    private void AddRowParallel(Floats a, PackedWeight weight, int group, List<Share> shares, PartialSum into)
    {
        Floats y = new(Addends(into));
        int width = (int)RowParallelChunks.Width(weight.Columns, ranks.Size);
        for (long n = 0; n < weight.Rows; n++)
        {
            ReadOnlySpan<float> w = Row(weight, group, n);
            foreach ((int t, float r) in shares)
            {
                for (int c = 0; c < AddendsPerRank; c++)
                    y[c, t, n] += r * Equations.Dot(a.Row(t).Slice(c * width, width), w.Slice(c * width, width));
            }
        }
    }

    private List<Share> EveryToken(long tokens)
    {
        _shares.Clear();
        for (int t = 0; t < tokens; t++)
            _shares.Add(new Share(t, 1));
        return _shares;
    }

    private List<Share> TokensOf(int e, Routes routes)
    {
        _shares.Clear();
        Ints expert = new(routes.Experts);
        Floats r = new(routes.Weights);
        for (int t = 0; t < expert.Rows; t++)
        {
            for (int i = 0; i < routes.Experts.Width; i++)
            {
                if (expert[t, i] == e)
                    _shares.Add(new Share(t, r[t, i]));
            }
        }

        return _shares;
    }

    /// <summary>A token that a network works for, and the weight of its result.</summary>
    private readonly record struct Share(int Token, float Weight);
}
