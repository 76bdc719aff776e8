using Glm5.Backends.CpuReference.Simd.Attention;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>Multi-head latent attention, absorbed form, over the paged cache (specification 3.1).</summary>
internal unsafe partial class SimdOps
{
    private readonly RopeAngles _angles = new();

    /// <inheritdoc/>
    [Fused("latent prologue")]
    protected override MlaQuery MlaPrologueCore(AttentionWeights weights, Tensor x, StepPlan plan, KvStore kv)
    {
        AttentionDims d = weights.Dims;
        long tokens = x[0];
        Tensor latent = Arena.Take(ElementType.F32, tokens, d.QueryLatent);
        Tensor absorbed = Arena.Take(ElementType.F32, tokens, d.Heads, d.Latent);
        Tensor rotated = Arena.Take(ElementType.F32, tokens, d.Heads, d.Rope);
        using ActivationArena.Scope scope = Arena.Open();

        MatMulCore(x, weights.QueryDown, latent);
        RmsNormCore(latent, weights.QueryNorm, d.Epsilon, latent);
        Tensor queries = Arena.Take(ElementType.F32, tokens, d.Heads * (d.Nope + d.Rope));
        MatMulCore(latent, weights.QueryUp, queries);
        Tensor heads = queries.As(tokens, d.Heads, d.Nope + d.Rope);
        MatMulPerHeadCore(heads.Columns(0, d.Nope), weights.KeyUp, absorbed);
        Tensor rows = Arena.Take(ElementType.F32, tokens, d.Latent + d.Rope);
        MatMulCore(x, weights.LatentDown, rows);
        Tensor c = rows.Columns(0, d.Latent);
        RmsNormCore(c, weights.LatentNorm, d.Epsilon, c);

        _angles.Prepare(plan.Layout, d.Theta, d.Rope);
        var place = new PlaceLatents
        {
            Dims = d,
            Angles = _angles,
            Layout = plan.Layout,
            Cache = Cached(kv).LatentRows(weights.Layer),
            Queries = Floats(queries),
            Rotated = Floats(rotated),
            Rows = Floats(rows),
        };
        Team.Run(ref place, (int)tokens);
        return new MlaQuery { Latent = latent, Absorbed = absorbed, Rope = rotated };
    }

    /// <inheritdoc/>
    [Fused("paged sparse latent attention")]
    protected override Tensor SparseAttendCore(
        AttentionWeights weights, in MlaQuery query, StepPlan plan, KvStore kv, Selection selection)
    {
        AttentionDims d = weights.Dims;
        int tokens = plan.Layout.TokenCount;
        CheckBlocks(plan.Layout, kv);
        Tensor attended = Arena.Take(ElementType.F32, tokens, d.Heads, d.Latent);
        using ActivationArena.Scope scope = Arena.Open();
        var attention = new TokenAttention
        {
            Dims = d,
            Layout = plan.Layout,
            Cache = Cached(kv).LatentRows(weights.Layer),
            Absorbed = Floats(query.Absorbed),
            Rotated = Floats(query.Rope),
            Selected = selection.IsEverything ? null : new IntRows(selection.Positions)[0],
            SelectedWidth = selection.IsEverything ? 0 : (int)selection.Positions.Width,
            Attended = Floats(attended),
        };
        int rows = selection.IsEverything ? plan.Layout.LongestContext : attention.SelectedWidth;
        long floats = AttendScratch.Floats(d, rows);
        if (FillsTeam(tokens, floats))
        {
            var work = new AttendTokens(attention, TakeFloats(floats * Team.Threads), rows);
            Team.Run(ref work, tokens);
            return attended;
        }

        var scratch = new AttendScratch(TakeFloats(floats), d, rows);
        for (int t = 0; t < tokens; t++)
        {
            var work = new AttendOne(attention, scratch, t);
            AttendOne.Run(ref work, Team);
        }

        return attended;
    }

    /// <inheritdoc/>
    [Fused("latent epilogue")]
    protected override void MlaEpilogueCore(AttentionWeights weights, Tensor attended, PartialSum into)
    {
        AttentionDims d = weights.Dims;
        using ActivationArena.Scope scope = Arena.Open();
        Tensor values = Arena.Take(ElementType.F32, attended[0], d.Heads, d.Value);
        MatMulPerHeadCore(attended, weights.ValueUp, values);
        Tensor joined = values.As(attended[0], (long)d.Heads * d.Value);
        Observe(TracePoint.AttentionOut, weights.Layer, joined);
        MatMulRowParallel(joined, weights.Output, into);
    }

    /// <summary>
    /// Whether there are tokens enough to give each worker whole ones, and memory for a scratch area a worker.
    /// </summary>
    private bool FillsTeam(int pieces, long floats) =>
        pieces >= 2 * Team.Threads && Arena.HasRoom(floats * sizeof(float) * Team.Threads);

    private static float* Floats(Tensor dense) => dense.Type == ElementType.F32 && dense.IsDense
        ? (float*)dense.Address
        : throw new ShapeException($"attention: expected dense F32 values, got a tensor {dense.Describe()}");

    /// <summary>Kernels read the cache by address: a block that is not in it must be found before.</summary>
    private static void CheckBlocks(StepLayout layout, KvStore kv)
    {
        for (int s = 0; s < layout.SequenceCount; s++)
        {
            BlockTable table = layout.BlockTables[s];
            if (layout.ContextLength[s] > (long)table.Count * layout.BlockSlots)
            {
                throw new ShapeException(
                    $"sequence {s} of the step has {layout.ContextLength[s]} tokens in {table.Count} blocks of "
                    + $"{layout.BlockSlots} slots");
            }

            foreach (int block in table.Blocks.AsSpan(0, table.Count))
            {
                if ((uint)block >= (uint)kv.Blocks)
                    throw new ShapeException($"sequence {s} of the step has block {block}, the cache has {kv.Blocks}");
            }
        }
    }
}
