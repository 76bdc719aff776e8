using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>Routing and experts.</summary>
internal sealed partial class AscendOps
{
    private const float RouteEpsilon = 1e-20f;

    /// <summary>The most columns of gate and up together that run into the gate in one operator (its page).</summary>
    private const long WidestGate = 10240;

    /// <summary>
    /// The operator gives the best expert first and says nothing of scores that are no numbers; the contract has ids
    /// ascending, and sends such a token to the first experts at weights that are no numbers either.
    /// </summary>
    [Fused("aclnnMoeGatingTopK", When = "weights normalised, at most 2048 experts, CANN 8.5 or later")]
    protected override Routes RouteCore(MoeWeights weights, Tensor x)
    {
        long tokens = x[0], experts = weights.Router.Rows, k = weights.ExpertsPerToken;
        if (!_fusions.Has(Fusion.Gate) || !weights.Normalize || experts > 2048)
            return base.RouteCore(weights, x);
        Tensor ids = Arena.Take(ElementType.I32, tokens, k), shares = Arena.Take(ElementType.F32, tokens, k);
        using ActivationArena.Scope scope = OpenScratch();
        View logits = Kernels.Temporary(AclDataType.Float, tokens, experts);
        Kernels.Product(Kernels.DenseAs(View.Of(x), AclDataType.Float), Transposed(weights.Router), logits);
        View isSpoilt = SpoiltRows(logits);
        Kernels.FillWhere(logits, isSpoilt, 0);

        View best = Kernels.Temporary(AclDataType.Int32, tokens, k), bestShares = Kernels.Temporary(AclDataType.Float, tokens, k);
        Kernels.Gate(logits, Of(weights.CorrectionBias).Vector, weights.ScalingFactor, RouteEpsilon, bestShares, best);
        View unordered = Kernels.Temporary(AclDataType.Float, tokens, k);
        Kernels.Cast(best, unordered);
        (View ascending, View order) = Kernels.Sort(unordered, descending: false);
        Kernels.GatherColumns(bestShares, order, View.Of(shares));
        View chosen = Kernels.Temporary(AclDataType.Float, tokens, k);
        Kernels.Where(isSpoilt, Counting(k).As(1, k), ascending, chosen);
        Kernels.Cast(chosen, View.Of(ids));
        Kernels.FillWhere(View.Of(shares), isSpoilt, float.NaN);
        return new Routes(ids, shares);
    }

    /// <inheritdoc/>
    [Fused("aclnnMoeInitRoutingV2, aclnnGroupedMatmulV4 or aclnnGroupedMatmulSwigluQuantWeightNzV2, aclnnMoeFinalizeRoutingV2", When = "the rank holds a slice of every expert")]
    protected override void RunExpertsCore(MoeWeights weights, Tensor x, Routes routes, PartialSum into)
    {
        if (!_fusions.Has(Fusion.Experts) || weights.Held is not null)
        {
            base.RunExpertsCore(weights, x, routes, into);
            return;
        }

        Tensor sum = WholeSum(into);
        using ActivationArena.Scope scope = OpenScratch();
        AscendPackedWeight gateUp = Of(weights.Experts.GateUp), down = Of(weights.Experts.Down);
        AclDataType type = gateUp.IsQuantised ? AclDataType.BFloat16 : gateUp.Type;
        long tokens = x[0], pairs = tokens * weights.ExpertsPerToken;
        View rows = Kernels.Temporary(type, pairs, x[1]), sortedRow = Kernels.Temporary(AclDataType.Int32, pairs);
        View ends32 = Kernels.Temporary(AclDataType.Int32, gateUp.Groups), ends = Kernels.Temporary(AclDataType.Int64, gateUp.Groups);
        Kernels.Expand(Kernels.DenseAs(View.Of(x), type), View.Of(routes.Experts), rows, sortedRow, ends32);
        Kernels.Cast(ends32, ends);

        View results = Kernels.Temporary(type, pairs, into.Width);
        RunGroups(rows, gateUp, down, ends, results);
        View combined = Kernels.Temporary(type, tokens, into.Width);
        Kernels.Combine(results, sortedRow, View.Of(routes.Weights), combined);
        Kernels.Convert(combined, View.Of(sum));
        if (weights.Shared is { } shared)
            AddMlp(shared, x, sum);
    }

    /// <summary>results = down(silu(gate) · up) of rows in groups; one operator up to the gate where codes lie in tiles.</summary>
    private void RunGroups(in View rows, AscendPackedWeight gateUp, AscendPackedWeight down, in View ends, in View results)
    {
        if (gateUp is { IsQuantised: true, IsTiled: true } && down.IsQuantised && gateUp.Rows <= WidestGate && _fusions.Has(Fusion.TiledExperts))
        {
            (View codes, View scales) = Kernels.QuantiseRows(rows);
            (View gated, View gatedScales) = Kernels.GatedCodes(codes, scales, gateUp.GroupsOfTiles, gateUp.AllScales, ends);
            MultiplyGroups(gated, gatedScales, down, ends, results);
            return;
        }

        View both = Kernels.Temporary(rows.Type, rows[0], gateUp.Rows), inner = Kernels.Temporary(rows.Type, rows[0], down.Columns);
        MultiplyGroups(rows, gateUp, ends, both);
        Kernels.SwiGlu(both, inner);
        MultiplyGroups(inner, down, ends, results);
    }

    /// <summary>[tokens, 1] bool: some logit of the row is no number.</summary>
    private View SpoiltRows(in View logits)
    {
        View flags = Kernels.TemporaryLike(logits, AclDataType.Float), any = Kernels.Temporary(AclDataType.Float, logits[0], 1);
        Kernels.Cast(Kernels.IsNaN(logits), flags);
        Kernels.Largest(flags, any);
        return Kernels.IsEqual(any, 1);
    }
}
