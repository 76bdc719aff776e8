using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Oracle;

/// <summary>The lightning indexer (specification 3.2).</summary>
public sealed partial class OracleOps
{
    /// <summary>
    /// ik = LayerNorm(x · W_kᵀ), iq = qr · W_qᵀ, both rotated in their first dimensions; w = (x · W_wᵀ) · heads^-½;
    /// score[t, j] = Σ_h w[t, h] · relu((iq[t, h] · ik[j]) · width^-½); the selection is the top k of j ≤ position(t).
    /// </summary>
    protected override void SelectTokensCore(
        AttentionWeights weights, IndexerWeights indexer, Tensor x, Tensor latent, StepPlan plan, KvStore kv,
        Selection selection)
    {
        using ActivationArena.Scope scope = Arena.Open();
        CacheIndexKeys(weights, indexer, x, plan, Cached(kv));
        if (selection.IsEverything && Trace is null)
            return;

        IndexerDims d = indexer.Dims;
        Tensor queries = Arena.Take(ElementType.F32, x[0], d.Heads * d.Width);
        MatMulCore(latent, indexer.QueryUp, queries);
        Tensor iq = queries.As(x[0], d.Heads, d.Width);
        RopeCore(iq.Columns(0, d.Rope), plan.Positions, weights.Dims.Theta, d.Interleaved);
        Tensor w = Arena.Take(ElementType.F32, x[0], d.Heads);
        MatMulCore(x, indexer.HeadWeights, w);
        ScaleCore(w, d.HeadScale, w);
        for (int t = 0; t < x[0]; t++)
            SelectForToken(weights.Layer, d, new Floats(iq), new Floats(w), plan, Cached(kv), selection, t);
    }

    private void CacheIndexKeys(
        AttentionWeights weights, IndexerWeights indexer, Tensor x, StepPlan plan, CpuKvStore kv)
    {
        IndexerDims d = indexer.Dims;
        using ActivationArena.Scope scope = Arena.Open();
        Tensor ik = Arena.Take(ElementType.F32, x[0], d.Width);
        MatMulCore(x, indexer.Key, ik);
        LayerNormCore(ik, indexer.KeyNorm, indexer.KeyNormBias, IndexerDims.Epsilon, ik);
        for (int t = 0; t < x[0]; t++)
        {
            Span<float> key = new Floats(ik).Row(t);
            Equations.Rotate(key[..d.Rope], plan.Layout.Positions[t], weights.Dims.Theta, d.Interleaved);
            kv.WriteIndexKey(weights.Layer, plan.Layout.Slots[t], key);
        }
    }

    private void SelectForToken(
        int layer, IndexerDims d, Floats iq, Floats w, StepPlan plan, CpuKvStore kv, Selection selection, int t)
    {
        StepLayout layout = plan.Layout;
        BlockTable blocks = layout.BlockTables[layout.SequenceOf[t]];
        using ActivationArena.Scope scope = Arena.Open();
        Tensor scores = Arena.Take(ElementType.F32, 1, layout.Positions[t] + 1);
        Floats score = new(scores);
        Span<float> room = stackalloc float[d.Width];
        for (int j = 0; j <= layout.Positions[t]; j++)
        {
            ReadOnlySpan<float> ik = kv.IndexKey(layer, blocks.SlotOf(j, layout.BlockSlots), room);
            float sum = 0;
            for (int h = 0; h < d.Heads; h++)
                sum += w[t, h] * MathF.Max(Equations.Dot(iq.Row(t, h), ik) * d.KeyScale, 0);
            score[0, j] = sum;
        }

        Observe(TracePoint.IndexScores, layer, scores);
        if (!selection.IsEverything)
            Equations.TopK(score.Row(0), new Ints(selection.Positions).Row(t));
    }
}
