using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Oracle;

/// <summary>One expert of several ranks', for the tokens of all groups that chose it.</summary>
public sealed unsafe partial class OracleOps
{
    private readonly List<Chosen> _chosen = [];

    /// <summary>y_c[t, n] += r[t] · Σ_{k ∈ c} a[t, k] · W[n, k], computed where the expert is, added where t is.</summary>
    private void AddSpreadExpert(
        MoeWeights weights, ExpertSpan held, int e, ReadOnlySpan<Offer> offers, ExpertExchange exchange, PartialSum into)
    {
        Choose(e, weights.ExpertsPerToken, offers);
        int holder = ExpertSpan.HolderOf(e, exchange.Size, (int)weights.Router.Rows);
        Span<int> rows = stackalloc int[exchange.Size];
        rows.Clear();
        rows[holder] = _chosen.Count;

        using ActivationArena.Scope scope = Arena.Open();
        Tensor results = default;
        if (holder == exchange.Rank && _chosen.Count > 0)
        {
            results = Arena.Take(ElementType.F32, RowParallelChunks.Count, _chosen.Count, into.Width);
            RunExpert(weights.Experts, e - held.First, offers, new Floats(results));
        }

        float* shown = (float*)exchange.Show(results, rows, into.Width)[holder];
        Floats y = new(Addends(into));
        for (int row = 0; row < _chosen.Count; row++)
        {
            if (_chosen[row].Group != exchange.Group)
                continue;
            for (int c = 0; c < AddendsPerRank; c++)
            {
                float* result = shown + (((((long)ranks.Rank * AddendsPerRank) + c) * _chosen.Count + row) * into.Width);
                for (int n = 0; n < into.Width; n++)
                    y[c, _chosen[row].Token, n] += result[n];
            }
        }

        exchange.Release();
    }

    private void Choose(int e, int choices, ReadOnlySpan<Offer> offers)
    {
        _chosen.Clear();
        for (int g = 0; g < offers.Length; g++)
        {
            for (int pair = 0; pair < offers[g].Tokens * choices; pair++)
            {
                if (((int*)offers[g].Experts)[pair] == e)
                    _chosen.Add(new Chosen(g, pair / choices, ((float*)offers[g].Weights)[pair]));
            }
        }
    }

    private void RunExpert(MlpWeights weights, int group, ReadOnlySpan<Offer> offers, Floats results)
    {
        int inner = (int)weights.Down.Columns, width = inner / RowParallelChunks.Count;
        Floats a = new(Arena.Take(ElementType.F32, _chosen.Count, inner));
        for (int i = 0; i < inner; i++)
        {
            ReadOnlySpan<float> gate = Row(weights.GateUp, group, i);
            for (int row = 0; row < _chosen.Count; row++)
                a[row, i] = Equations.Silu(Equations.Dot(TokenOf(offers, row, gate.Length), gate));
            ReadOnlySpan<float> up = Row(weights.GateUp, group, inner + i);
            for (int row = 0; row < _chosen.Count; row++)
                a[row, i] *= Equations.Dot(TokenOf(offers, row, up.Length), up);
        }

        for (int n = 0; n < weights.Down.Rows; n++)
        {
            ReadOnlySpan<float> w = Row(weights.Down, group, n);
            for (int row = 0; row < _chosen.Count; row++)
            {
                for (int c = 0; c < RowParallelChunks.Count; c++)
                {
                    results[c, row, n] = _chosen[row].Weight
                        * Equations.Dot(a.Row(row).Slice(c * width, width), w.Slice(c * width, width));
                }
            }
        }
    }

    private ReadOnlySpan<float> TokenOf(ReadOnlySpan<Offer> offers, int row, int hidden)
    {
        ref readonly Offer offer = ref offers[_chosen[row].Group];
        return new ReadOnlySpan<float>((float*)offer.X + (_chosen[row].Token * offer.RowStride), hidden);
    }

    /// <summary>A token of a group that chose the expert at hand, and the weight of its result.</summary>
    private readonly record struct Chosen(int Group, int Token, float Weight);
}
