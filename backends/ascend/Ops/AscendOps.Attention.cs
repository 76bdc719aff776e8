using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>Attention over paged BF16 caches.</summary>
internal sealed partial class AscendOps
{
    /// <inheritdoc/>
    [Fused("aclnnMlaPrologV3WeightNz, or aclnnKvRmsNormRopeCache and aclnnInterleaveRope", When = "latent 512, rope 64, CANN 8.5 or later; in one operator from 9.1")]
    protected override MlaQuery MlaPrologueCore(AttentionWeights weights, Tensor x, StepPlan plan, KvStore kv)
    {
        if (kv is not AscendKvStore { KeysInHalves: true } store || !weights.Dims.Interleaved || plan is not AscendStepPlan step)
            return base.MlaPrologueCore(weights, x, plan, kv);
        if (FitsPrologue(weights, x[1], store))
            return Prologue(weights, x, step, store);
        AttentionDims d = weights.Dims;
        long tokens = x[0];
        Tensor latent = Arena.Take(ElementType.F32, tokens, d.QueryLatent);
        Tensor absorbed = Arena.Take(ElementType.F32, tokens, d.Heads, d.Latent);
        Tensor rotated = Arena.Take(ElementType.F32, tokens, d.Heads, d.Rope);
        using ActivationArena.Scope arena = Arena.Open();
        using ActivationArena.Scope scope = OpenScratch();
        View input = Kernels.DenseAs(View.Of(x), AclDataType.BFloat16);

        View down = Kernels.Temporary(AclDataType.BFloat16, tokens, d.QueryLatent), normed = Kernels.TemporaryLike(down, AclDataType.BFloat16);
        Multiply(input, weights.QueryDown, down);
        Kernels.RmsNorm(down, Of(weights.QueryNorm).Vector, d.Epsilon, normed);
        Kernels.Cast(normed, View.Of(latent));
        Tensor query = Arena.Take(ElementType.BF16, tokens, d.Heads * (d.Nope + d.Rope));
        Multiply(normed, weights.QueryUp, View.Of(query));
        Tensor heads = query.As(tokens, d.Heads, d.Nope + d.Rope);
        MatMulPerHead(heads.Columns(0, d.Nope), weights.KeyUp, absorbed);
        TurnQuery(View.Of(heads.Columns(d.Nope, d.Rope)), step, d.Theta, View.Of(rotated));
        WriteLatents(weights, input, step, store);
        return new MlaQuery { Latent = latent, Absorbed = absorbed, Rope = rotated };
    }

    /// <inheritdoc/>
    [Fused("aclnnLightningIndexer", When = "index width 128, at most 64 index heads, CANN 8.5 or later")]
    protected override void SelectTokensCore(
        AttentionWeights weights, IndexerWeights indexer, Tensor x, Tensor latent, StepPlan plan, KvStore kv,
        Selection selection)
    {
        IndexerDims d = indexer.Dims;
        bool fits = _fusions.Has(Fusion.Indexer) && d is { Width: 128, Heads: <= 64 } && TakesCount(d.TopK)
            && kv is AscendKvStore && kv.Spec.BlockSlots % 16 == 0 && kv.Spec.BlockSlots <= 1024 && plan is AscendStepPlan;
        if (!fits || selection.IsEverything)
        {
            base.SelectTokensCore(weights, indexer, x, latent, plan, kv, selection);
            return;
        }

        // With everything selected the body writes the index keys and stops there.
        base.SelectTokensCore(weights, indexer, x, latent, plan, kv, Selection.Everything);
        using ActivationArena.Scope arena = Arena.Open();
        using ActivationArena.Scope scope = OpenScratch();
        long tokens = x[0];
        Tensor query = Arena.Take(ElementType.F32, tokens, d.Heads * d.Width), headWeights = Arena.Take(ElementType.F32, tokens, d.Heads);
        MatMul(latent, indexer.QueryUp, query);
        Tensor heads = query.As(tokens, d.Heads, d.Width);
        Rope(heads.Columns(0, d.Rope), plan.Positions, weights.Dims.Theta, d.Interleaved);
        MatMul(x, indexer.HeadWeights, headWeights);

        // Both factors are positive: they pass through the ReLU and go onto the head weights.
        Scale(headWeights, d.HeadScale * d.KeyScale, headWeights);
        View chosen = Kernels.Temporary(AclDataType.Int32, tokens, 1, d.TopK);
        var step = (AscendStepPlan)plan;
        Kernels.SelectPositions(
            Kernels.DenseAs(View.Of(heads), AclDataType.BFloat16), ((AscendKvStore)kv).IndexKeys(weights.Layer),
            Kernels.DenseAs(View.Of(headWeights), _takesFloatWeights ? AclDataType.Float : AclDataType.BFloat16),
            step.QueryEnds, step.ContextLengths, step.BlockTables, chosen);
        Ascending(chosen.As(tokens, d.TopK), View.Of(selection.Positions));
    }

    /// <inheritdoc/>
    [Fused("aclnnSparseFlashAttention", When = "latent 512, rope 64, heads a power of two up to 128, CANN 8.5 or later")]
    protected override Tensor SparseAttendCore(
        AttentionWeights weights, in MlaQuery query, StepPlan plan, KvStore kv, Selection selection)
    {
        AttentionDims d = weights.Dims;
        bool fits = kv is AscendKvStore { KeysInHalves: true } && d.Heads <= 128 && (d.Heads & (d.Heads - 1)) == 0;
        if (!fits || plan is not AscendStepPlan step)
            return base.SparseAttendCore(weights, query, plan, kv, selection);
        var store = (AscendKvStore)kv;
        long tokens = query.Absorbed[0];
        Tensor attended = Arena.Take(ElementType.F32, tokens, d.Heads, d.Latent);
        using ActivationArena.Scope scope = OpenScratch();
        View turned = Kernels.Temporary(AclDataType.BFloat16, tokens, d.Heads, d.Rope);
        RopeLayout.ToHalves(Kernels, Kernels.DenseAs(View.Of(query.Rope), AclDataType.BFloat16), turned);
        View chosen = selection.IsEverything ? Everything(step) : View.Of(selection.Positions).As(tokens, 1, selection.Positions[1]);
        View results = Kernels.Temporary(AclDataType.BFloat16, tokens, d.Heads, d.Latent);
        Kernels.AttendChosen(
            Kernels.DenseAs(View.Of(query.Absorbed), AclDataType.BFloat16), turned, store.Latents(weights.Layer),
            store.RotatedKeys(weights.Layer), chosen, step.QueryEnds, step.ContextLengths, step.BlockTables, d.SoftmaxScale, results);
        Kernels.Cast(results, View.Of(attended));
        return attended;
    }

    /// <summary>rotated [tokens, heads, rope] F32 as the contract has it, pairs side by side.</summary>
    private void TurnQuery(in View query, AscendStepPlan step, float theta, in View rotated)
    {
        // The operator takes no F32 (its page: FLOAT16, BFLOAT16); attention reads the query in BF16 anyway.
        const AclDataType Type = AclDataType.BFloat16;
        (View cos, View sin) = TwiceEach(step, theta, Type);
        View dense = Kernels.DenseAs(query, Type), turned = Kernels.TemporaryLike(dense, Type);
        Kernels.InterleaveRope(
            dense.As(query[0], query[1], 1, query[2]), cos, sin, turned.As(query[0], query[1], 1, query[2]));
        RopeLayout.ToPairs(Kernels, turned, rotated);
    }

    private void WriteLatents(AttentionWeights weights, in View input, AscendStepPlan step, AscendKvStore store)
    {
        AttentionDims d = weights.Dims;
        View rows = Kernels.Temporary(AclDataType.BFloat16, input[0], d.Latent + d.Rope);
        Multiply(input, weights.LatentDown, rows);
        View norm = Kernels.DenseAs(Of(weights.LatentNorm).Vector, AclDataType.BFloat16);
        View slots = Kernels.Temporary(AclDataType.Int64, input[0]);
        Kernels.Cast(View.Of(step.Slots), slots);
        (View cos, View sin) = TwiceEach(step, d.Theta, AclDataType.BFloat16);
        Kernels.WriteLatents(
            rows.As(input[0], 1, 1, d.Latent + d.Rope), norm, cos, sin, slots, store.RotatedKeys(weights.Layer),
            store.Latents(weights.Layer), d.Epsilon);
    }

    /// <summary>
    /// cos and sin [tokens, 1, 1, 64], the angles of all pairs and then again: the operators turn halves.
    /// </summary>
    private (View Cos, View Sin) TwiceEach(AscendStepPlan step, float theta, AclDataType type)
    {
        const int Half = RopeWidth / 2;
        (View cos, View sin) = Angles.Of(step.Positions, theta, Half, Kernels);
        return (Twice(cos, type), Twice(sin, type));
    }

    private View Twice(in View half, AclDataType type)
    {
        const int Half = RopeWidth / 2;
        View twice = Kernels.Temporary(type, half[0], 1, RopeWidth);
        Kernels.Convert(half, twice.Part(2, 0, Half));
        Kernels.Convert(half, twice.Part(2, Half, Half));
        return twice.As(half[0], 1, 1, RopeWidth);
    }

    /// <summary>
    /// [tokens, 1, longest context rounded up] I32: every position up to each token's own, −1 behind.
    /// </summary>
    private View Everything(AscendStepPlan step)
    {
        long tokens = step.Layout.TokenCount, width = step.ContextBucket;
        View own = Kernels.Temporary(AclDataType.Float, tokens, 1), ahead = Kernels.Temporary(AclDataType.Float, tokens, width);
        View all = Kernels.Temporary(AclDataType.Float, tokens, width), counting = Counting(width).As(1, width);
        Kernels.Cast(View.Of(step.Positions).As(tokens, 1), own);
        Kernels.Subtract(own, counting, ahead);
        Kernels.Copy(counting, all);
        Kernels.FillWhere(all, Kernels.IsBelow(ahead, 0), -1);
        View chosen = Kernels.Temporary(AclDataType.Int32, tokens, 1, width);
        Kernels.Cast(all.As(tokens, 1, width), chosen);
        return chosen;
    }

    private static View Transposed(PackedWeight weight) => Of(weight).Matrix().Exchanged(0, 1);

    /// <summary>Counts of positions that the indexer chooses (9.1 reference; below 2048 in all).</summary>
    private static bool TakesCount(int count) => count is >= 1 and <= 2048 || (count is > 2048 and <= 8192 && count % 1024 == 0);
}
