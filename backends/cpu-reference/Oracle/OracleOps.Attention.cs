using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Oracle;

/// <summary>Multi-head latent attention, absorbed form (specification 3.1).</summary>
public sealed partial class OracleOps
{
    /// <summary>
    /// qr = RmsNorm(x · W_qaᵀ); [q_nope | q_pe] = qr · W_qbᵀ; q̃[t, h] = q_nope[t, h] · W_UK[h]; q_pe rotated.
    /// [c | k_pe] = x · W_kvaᵀ; the cache takes RmsNorm(c) and k_pe rotated.
    /// </summary>
    protected override MlaQuery MlaPrologueCore(AttentionWeights weights, Tensor x, StepPlan plan, KvStore kv)
    {
        AttentionDims d = weights.Dims;
        long tokens = x[0];
        Tensor qr = Arena.Take(ElementType.F32, tokens, d.QueryLatent);
        Tensor absorbed = Arena.Take(ElementType.F32, tokens, d.Heads, d.Latent);
        Tensor rotated = Arena.Take(ElementType.F32, tokens, d.Heads, d.Rope);
        using ActivationArena.Scope scope = Arena.Open();

        MatMulCore(x, weights.QueryDown, qr);
        RmsNormCore(qr, weights.QueryNorm, d.Epsilon, qr);
        Tensor q = Arena.Take(ElementType.F32, tokens, d.Heads * (d.Nope + d.Rope));
        MatMulCore(qr, weights.QueryUp, q);
        Tensor heads = q.As(tokens, d.Heads, d.Nope + d.Rope);
        for (int h = 0; h < d.Heads; h++)
            TimesMatrix(new Floats(heads.Columns(0, d.Nope)), weights.KeyUp, h, new Floats(absorbed));
        RotateQueries(new Floats(heads), plan, d, new Floats(rotated));
        CacheLatents(weights, x, plan, Cached(kv));
        return new MlaQuery { Latent = qr, Absorbed = absorbed, Rope = rotated };
    }

    /// <summary>
    /// logit[j] = (q̃[t, h] · c[j] + q_pe[t, h] · k_pe[j]) · (nope + rope)^-½ for selected j; P = softmax(logit);
    /// o[t, h] = Σ_j P[j] · c[j], j ascending.
    /// </summary>
    protected override Tensor SparseAttendCore(
        AttentionWeights weights, in MlaQuery query, StepPlan plan, KvStore kv, Selection selection)
    {
        AttentionDims d = weights.Dims;
        long tokens = query.Absorbed[0];
        Tensor attended = Arena.Take(ElementType.F32, tokens, d.Heads, d.Latent);
        using ActivationArena.Scope scope = Arena.Open();
        Span<int> slots = new Ints(Arena.Take(ElementType.I32, 1, plan.Layout.LongestContext)).Row(0);
        Span<float> p = new Floats(Arena.Take(ElementType.F32, 1, plan.Layout.LongestContext)).Row(0);
        Floats q = new(query.Absorbed), q_pe = new(query.Rope), o = new(attended);
        for (int t = 0; t < tokens; t++)
        {
            int count = SelectedSlots(plan.Layout, selection, t, slots);
            for (int h = 0; h < d.Heads; h++)
                AttendHead(weights, Cached(kv), slots[..count], p[..count], q.Row(t, h), q_pe.Row(t, h), o.Row(t, h));
        }

        return attended;
    }

    /// <summary>v[t, h] = o[t, h] · W_UV[h]ᵀ; y = concat_h(v) · W_oᵀ, in chunks of K.</summary>
    protected override void MlaEpilogueCore(AttentionWeights weights, Tensor attended, PartialSum into)
    {
        AttentionDims d = weights.Dims;
        using ActivationArena.Scope scope = Arena.Open();
        Tensor v = Arena.Take(ElementType.F32, attended[0], d.Heads, d.Value);
        for (int h = 0; h < d.Heads; h++)
            TimesTransposed(new Floats(attended), weights.ValueUp, h, new Floats(v));
        Tensor joined = v.As(attended[0], (long)d.Heads * d.Value);
        Observe(TracePoint.AttentionOut, weights.Layer, joined);
        FillCore(Addends(into), 0);
        AddRowParallel(new Floats(joined), weights.Output, 0, EveryToken(attended[0]), into);
    }

    private static void RotateQueries(Floats q, StepPlan plan, AttentionDims d, Floats rotated)
    {
        for (int t = 0; t < plan.Layout.TokenCount; t++)
        {
            for (int h = 0; h < d.Heads; h++)
            {
                q.Row(t, h)[d.Nope..].CopyTo(rotated.Row(t, h));
                Equations.Rotate(rotated.Row(t, h), plan.Layout.Positions[t], d.Theta, d.Interleaved);
            }
        }
    }

    private void CacheLatents(AttentionWeights weights, Tensor x, StepPlan plan, CpuKvStore kv)
    {
        AttentionDims d = weights.Dims;
        Tensor ckv = Arena.Take(ElementType.F32, x[0], d.Latent + d.Rope);
        MatMulCore(x, weights.LatentDown, ckv);
        for (int t = 0; t < x[0]; t++)
        {
            Span<float> row = new Floats(ckv).Row(t);
            Span<float> c = row[..d.Latent], k_pe = row[d.Latent..];
            Equations.RmsNorm(c, Vector(weights.LatentNorm), d.Epsilon, c);
            Equations.Rotate(k_pe, plan.Layout.Positions[t], d.Theta, d.Interleaved);
            kv.WriteLatent(weights.Layer, plan.Layout.Slots[t], row);
        }
    }

    private static void AttendHead(
        AttentionWeights weights, CpuKvStore kv, ReadOnlySpan<int> slots, Span<float> p,
        ReadOnlySpan<float> q, ReadOnlySpan<float> q_pe, Span<float> o)
    {
        int latent = weights.Dims.Latent;
        Span<float> room = stackalloc float[latent + weights.Dims.Rope];
        for (int j = 0; j < slots.Length; j++)
        {
            ReadOnlySpan<float> row = kv.Latent(weights.Layer, slots[j], room);
            p[j] = Equations.Dot(q, row) + Equations.Dot(q_pe, row[latent..]);
        }

        Equations.Softmax(p, weights.Dims.SoftmaxScale);
        o.Clear();
        for (int j = 0; j < slots.Length; j++)
        {
            ReadOnlySpan<float> c = kv.Latent(weights.Layer, slots[j], room)[..latent];
            for (int i = 0; i < latent; i++)
                o[i] += p[j] * c[i];
        }
    }

    /// <summary>Slots of the positions that token t attends to, ascending; returns their number.</summary>
    private static int SelectedSlots(StepLayout layout, Selection selection, int t, Span<int> slots)
    {
        BlockTable blocks = layout.BlockTables[layout.SequenceOf[t]];
        int visible = layout.Positions[t] + 1, count = 0;
        if (selection.IsEverything)
        {
            for (int j = 0; j < visible; j++)
                slots[count++] = blocks.SlotOf(j, layout.BlockSlots);
            return count;
        }

        foreach (int j in new Ints(selection.Positions).Row(t))
        {
            if (j >= 0)
                slots[count++] = blocks.SlotOf(j, layout.BlockSlots);
        }

        return count;
    }
}
