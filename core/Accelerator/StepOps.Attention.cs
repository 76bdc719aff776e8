namespace Glm5.Core.Accelerator;

/// <summary>The definitions of the attention steps, token by token where that is plainest.</summary>
public abstract partial class StepOps
{
    /// <summary>Definition of <see cref="MlaPrologue"/>.</summary>
    protected virtual MlaQuery MlaPrologueCore(AttentionWeights weights, Tensor x, StepPlan plan, KvStore kv)
    {
        AttentionDims d = weights.Dims;
        long tokens = x[0];
        Tensor latent = Arena.Take(x.Type, tokens, d.QueryLatent);
        Tensor absorbed = Arena.Take(x.Type, tokens, d.Heads, d.Latent);
        Tensor rotated = Arena.Take(x.Type, tokens, d.Heads, d.Rope);
        using ActivationArena.Scope scope = Arena.Open();

        MatMul(x, weights.QueryDown, latent);
        RmsNorm(latent, weights.QueryNorm, d.Epsilon, latent);
        Tensor query = Arena.Take(x.Type, tokens, d.Heads * (d.Nope + d.Rope));
        MatMul(latent, weights.QueryUp, query);
        Tensor heads = query.As(tokens, d.Heads, d.Nope + d.Rope);
        MatMulPerHead(heads.Columns(0, d.Nope), weights.KeyUp, absorbed);
        Cast(heads.Columns(d.Nope, d.Rope), rotated);
        Rope(rotated, plan.Positions, d.Theta, d.Interleaved);

        Tensor row = Arena.Take(x.Type, tokens, d.Latent + d.Rope);
        MatMul(x, weights.LatentDown, row);
        Tensor c = row.Columns(0, d.Latent), key = row.Columns(d.Latent, d.Rope);
        RmsNorm(c, weights.LatentNorm, d.Epsilon, c);
        Rope(key.As(tokens, 1, d.Rope), plan.Positions, d.Theta, d.Interleaved);
        kv.WriteLatent(weights.Layer, plan, c, key);
        return new MlaQuery { Latent = latent, Absorbed = absorbed, Rope = rotated };
    }

    /// <summary>Definition of <see cref="SelectTokens"/>.</summary>
    protected virtual void SelectTokensCore(
        AttentionWeights weights, IndexerWeights indexer, Tensor x, Tensor latent, StepPlan plan, KvStore kv,
        Selection selection)
    {
        IndexerDims d = indexer.Dims;
        long tokens = x[0];
        using ActivationArena.Scope scope = Arena.Open();
        Tensor keys = Arena.Take(ElementType.F32, tokens, d.Width);
        MatMul(x, indexer.Key, keys);
        LayerNorm(keys, indexer.KeyNorm, indexer.KeyNormBias, IndexerDims.Epsilon, keys);
        Rope(keys.Columns(0, d.Rope).As(tokens, 1, d.Rope), plan.Positions, weights.Dims.Theta, d.Interleaved);
        kv.WriteIndexKeys(weights.Layer, plan, keys);
        if (selection.IsEverything && Trace is null)
            return;

        Tensor query = Arena.Take(ElementType.F32, tokens, d.Heads * d.Width);
        MatMul(latent, indexer.QueryUp, query);
        Tensor heads = query.As(tokens, d.Heads, d.Width);
        Rope(heads.Columns(0, d.Rope), plan.Positions, weights.Dims.Theta, d.Interleaved);
        Tensor headWeights = Arena.Take(ElementType.F32, tokens, d.Heads);
        MatMul(x, indexer.HeadWeights, headWeights);
        Scale(headWeights, d.HeadScale, headWeights);
        for (int sequence = 0; sequence < plan.Layout.SequenceCount; sequence++)
            SelectForSequence(weights.Layer, d, heads, headWeights, plan, kv, sequence, selection);
    }

    private void SelectForSequence(
        int layer, IndexerDims d, Tensor query, Tensor headWeights, StepPlan plan, KvStore kv, int sequence,
        Selection selection)
    {
        StepLayout layout = plan.Layout;
        using ActivationArena.Scope scope = Arena.Open();
        Tensor keys = Arena.Take(ElementType.F32, layout.ContextLength[sequence], d.Width);
        kv.ReadIndexKeys(layer, plan, sequence, 0, keys);
        for (int t = layout.QueryStart[sequence]; t < layout.QueryStart[sequence + 1]; t++)
        {
            using ActivationArena.Scope inner = Arena.Open();
            long visible = layout.Positions[t] + 1;
            Tensor products = Arena.Take(ElementType.F32, d.Heads, visible);
            MatMul(query.Slice(t, 1).As(d.Heads, d.Width), keys.Slice(0, visible), transposed: true, products);
            Scale(products, d.KeyScale, products);
            Relu(products, products);
            Mul(products, headWeights.Slice(t, 1).As(d.Heads, 1), products);
            Tensor scores = Arena.Take(ElementType.F32, 1, visible);
            ReduceSum(products.As(1, d.Heads, visible), scores);
            Observe(TracePoint.IndexScores, layer, scores);
            if (!selection.IsEverything)
                TopK(scores, selection.Positions.Slice(t, 1));
        }
    }

    /// <summary>Definition of <see cref="SparseAttend"/>.</summary>
    protected virtual Tensor SparseAttendCore(
        AttentionWeights weights, in MlaQuery query, StepPlan plan, KvStore kv, Selection selection)
    {
        AttentionDims d = weights.Dims;
        long tokens = query.Absorbed[0], width = d.Latent + d.Rope;
        Tensor attended = Arena.Take(query.Absorbed.Type, tokens, d.Heads, d.Latent);
        using ActivationArena.Scope scope = Arena.Open();
        Tensor joined = Arena.Take(query.Absorbed.Type, tokens * d.Heads, width);
        Concat(query.Absorbed.As(tokens * d.Heads, d.Latent), query.Rope.As(tokens * d.Heads, d.Rope), joined);
        StepLayout layout = plan.Layout;
        for (int sequence = 0; sequence < layout.SequenceCount; sequence++)
        {
            using ActivationArena.Scope inner = Arena.Open();
            Tensor rows = Arena.Take(ElementType.F32, layout.ContextLength[sequence], width);
            kv.ReadLatent(weights.Layer, plan, sequence, 0, rows);
            for (int t = layout.QueryStart[sequence]; t < layout.QueryStart[sequence + 1]; t++)
            {
                Tensor head = joined.Slice((long)t * d.Heads, d.Heads), into = attended.Slice(t, 1).As(d.Heads, d.Latent);
                if (selection.IsEverything)
                    AttendRows(d, head, rows.Slice(0, layout.Positions[t] + 1), default, into);
                else
                    AttendSelected(d, head, rows, selection.Positions.Slice(t, 1), into);
            }
        }

        return attended;
    }

    private void AttendSelected(AttentionDims d, Tensor query, Tensor rows, Tensor selected, Tensor into)
    {
        using ActivationArena.Scope scope = Arena.Open();
        Tensor positions = new(selected.Address, ElementType.I32, selected.Width);
        Tensor chosen = Arena.Take(ElementType.F32, positions.Count, rows[1]);
        GatherRows(rows, positions, chosen);
        AttendRows(d, query, chosen, positions, into);
    }

    /// <summary>query [heads, latent + rope] over rows [keys, latent + rope]; keys marked -1 in <paramref name="present"/> are left out.</summary>
    private void AttendRows(AttentionDims d, Tensor query, Tensor rows, Tensor present, Tensor into)
    {
        using ActivationArena.Scope scope = Arena.Open();
        Tensor logits = Arena.Take(ElementType.F32, d.Heads, rows[0]);
        MatMul(query, rows, transposed: true, logits);
        if (!present.IsEmpty)
            Mask(logits, present);
        Softmax(logits, d.SoftmaxScale);
        MatMul(logits, rows.Columns(0, d.Latent), transposed: false, into);
    }

    /// <summary>Definition of <see cref="MlaEpilogue"/>.</summary>
    protected virtual void MlaEpilogueCore(AttentionWeights weights, Tensor attended, PartialSum into)
    {
        AttentionDims d = weights.Dims;
        using ActivationArena.Scope scope = Arena.Open();
        Tensor values = Arena.Take(attended.Type, attended[0], d.Heads, d.Value);
        MatMulPerHead(attended, weights.ValueUp, values);
        Tensor joined = values.As(attended[0], (long)d.Heads * d.Value);
        Observe(TracePoint.AttentionOut, weights.Layer, joined);
        MatMul(joined, weights.Output, WholeSum(into));
    }

    /// <summary>The first addend of a sum, [tokens, hidden], with all others zeroed: for bodies that do not keep chunks apart.</summary>
    protected Tensor WholeSum(PartialSum sum)
    {
        Tensor addends = sum.Addends;
        if (addends[0] > 1)
            Fill(addends.Slice(1, addends[0] - 1), 0);
        return addends.Slice(0, 1).As(sum.Tokens, sum.Width);
    }

    /// <summary>The addends of a sum, [addends, tokens, hidden], for backends that keep chunks apart and for <see cref="BlockOps.ReduceAddNorm"/>.</summary>
    protected static Tensor Addends(PartialSum sum) => sum.Addends;
}
