using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda.Ops;

/// <summary>Attention over paged caches.</summary>
internal sealed partial class CudaOps
{
    private const int AttendHeads = 8, SplitKeys = 128, TileKeys = 16, MostLatent = 512, MostRow = 576;
    private const int ScoreThreads = 128, MostIndexWidth = 128, PartialExtra = 2;

    /// <summary>Shared memory that a block can have on every device that is taken.</summary>
    private const int MostShared = 160 * 1024;

    /// <inheritdoc/>
    [Fused("product_*, rms_norm, turn_query, finish_latent")]
    protected override MlaQuery MlaPrologueCore(AttentionWeights weights, Tensor x, StepPlan plan, KvStore kv)
    {
        AttentionDims d = weights.Dims;
        CudaKvStore store = Cached(kv);
        long tokens = x[0];
        Tensor latent = Arena.Take(ElementType.F32, tokens, d.QueryLatent);
        Tensor absorbed = Arena.Take(ElementType.F32, tokens, d.Heads, d.Latent);
        Tensor rotated = Arena.Take(ElementType.F32, tokens, d.Heads, d.Rope);
        using ActivationArena.Scope scope = Arena.Open();
        nint frequencies = Frequencies.Of(d.Theta, d.Rope);

        MatMulCore(x, weights.QueryDown, latent);
        RmsNormCore(latent, weights.QueryNorm, d.Epsilon, latent);
        Tensor query = Arena.Take(ElementType.F32, tokens, d.Heads * (d.Nope + d.Rope));
        MatMulCore(latent, weights.QueryUp, query);
        MatMulPerHeadCore(query.As(tokens, d.Heads, d.Nope + d.Rope).Columns(0, d.Nope), weights.KeyUp, absorbed);
        long pairs = tokens * d.Heads * (d.Rope / 2);
        Kernels.Launch(
            Find("caches", "turn_query"), Grid.OfElements(pairs),
            query.Address, plan.Positions.Address, frequencies, d.Interleaved, d.Heads, d.Nope, d.Rope, rotated.Address, pairs);

        Tensor rows = Arena.Take(ElementType.F32, tokens, d.Latent + d.Rope);
        MatMulCore(x, weights.LatentDown, rows);
        Kernels.Launch(
            Find("caches", "finish_latent"), new Grid(tokens, 1, 1, 128),
            rows.Address, Vector(weights.LatentNorm), d.Epsilon, plan.Positions.Address, frequencies, d.Interleaved,
            (int)kv.Spec.Format, d.Latent, d.Rope, store.Latents(weights.Layer), store.LatentRow.Bytes, plan.Slots.Address);
        return new MlaQuery { Latent = latent, Absorbed = absorbed, Rope = rotated };
    }

    /// <inheritdoc/>
    [Fused("finish_index_key, index_scores_*, top_k", When = "index width up to 128")]
    protected override void SelectTokensCore(
        AttentionWeights weights, IndexerWeights indexer, Tensor x, Tensor latent, StepPlan plan, KvStore kv,
        Selection selection)
    {
        IndexerDims d = indexer.Dims;
        if (d.Width > MostIndexWidth || d.Heads * (MostIndexWidth + 1) * sizeof(float) > MostShared)
        {
            base.SelectTokensCore(weights, indexer, x, latent, plan, kv, selection);
            return;
        }

        using ActivationArena.Scope scope = Arena.Open();
        WriteKeys(weights, indexer, x, plan, Cached(kv));
        if (selection.IsEverything && Trace is null)
            return;
        long tokens = x[0];
        Tensor query = Arena.Take(ElementType.F32, tokens, d.Heads * d.Width), headWeights = Arena.Take(ElementType.F32, tokens, d.Heads);
        MatMulCore(latent, indexer.QueryUp, query);
        RopeCore(query.As(tokens, d.Heads, d.Width).Columns(0, d.Rope), plan.Positions, weights.Dims.Theta, d.Interleaved);

        // Head weights decide between near ties: never rounded to BF16 (specification 3.2).
        base.MatMulCore(x, indexer.HeadWeights, headWeights);
        ScaleCore(headWeights, d.HeadScale, headWeights);
        Select(weights.Layer, d, query, headWeights, Step(plan), Cached(kv), selection);
    }

    /// <inheritdoc/>
    [Fused("attend_*, join", When = "latent up to 512, latent + rope up to 576")]
    protected override Tensor SparseAttendCore(
        AttentionWeights weights, in MlaQuery query, StepPlan plan, KvStore kv, Selection selection)
    {
        AttentionDims d = weights.Dims;
        if (d.Latent > MostLatent || d.Latent + d.Rope > MostRow)
            return base.SparseAttendCore(weights, query, plan, kv, selection);
        CudaStepPlan step = Step(plan);
        CudaKvStore store = Cached(kv);
        long tokens = query.Absorbed[0];
        Tensor attended = Arena.Take(ElementType.F32, tokens, d.Heads, d.Latent);
        using ActivationArena.Scope scope = scratch.Open();
        long keys = selection.IsEverything ? step.ContextBucket : selection.Positions[1];
        int splits = (int)((keys + SplitKeys - 1) / SplitKeys), shared = TileKeys * (d.Latent + d.Rope) * sizeof(float);
        long partial = (long)d.Heads * splits * (d.Latent + PartialExtra);

        // Partial results of a long chunk of a prompt are more than there is room for: tokens go a stretch at a time.
        long atOnce = Math.Clamp(scratch.Available / 2 / (partial * sizeof(float)), 1, tokens);
        Tensor partials = scratch.Take(ElementType.F32, atOnce, partial);
        Kernel attend = Find("attention", Named("attend", kv.Spec.Format), shared), join = Find("attention", "join");
        for (long first = 0; first < tokens; first += atOnce)
        {
            long count = Math.Min(atOnce, tokens - first);
            nint chosen = selection.IsEverything ? 0 : selection.Positions.Slice(first, count).Address;
            Kernels.Launch(
                attend, new Grid(count, (d.Heads + AttendHeads - 1) / AttendHeads, splits, AttendHeads * 32, shared),
                query.Absorbed.Slice(first, count).Address, query.Rope.Slice(first, count).Address, d.Heads, d.Latent, d.Rope,
                d.SoftmaxScale, store.Latents(weights.Layer), store.LatentRow.Bytes, step.BlockTables, step.BlockColumns,
                kv.Spec.BlockSlots, step.Positions.Slice(first, count).Address, step.SequenceOf.Slice(first, count).Address, chosen,
                keys, partials.Address, splits);
            Kernels.Launch(
                join, new Grid(count, d.Heads, 1, 128), partials.Address, splits, d.Latent,
                attended.Slice(first, count).Address);
        }

        return attended;
    }

    private void WriteKeys(AttentionWeights weights, IndexerWeights indexer, Tensor x, StepPlan plan, CudaKvStore store)
    {
        IndexerDims d = indexer.Dims;
        using ActivationArena.Scope scope = Arena.Open();
        Tensor keys = Arena.Take(ElementType.F32, x[0], d.Width);
        MatMulCore(x, indexer.Key, keys);
        Kernels.Launch(
            Find("caches", "finish_index_key"), new Grid(x[0], 1, 1, 128),
            keys.Address, Vector(indexer.KeyNorm), Vector(indexer.KeyNormBias), IndexerDims.Epsilon, plan.Positions.Address,
            Frequencies.Of(weights.Dims.Theta, d.Rope), d.Interleaved, (int)store.Spec.Format, d.Width, d.Rope,
            store.IndexKeys(weights.Layer), store.IndexRow.Bytes, plan.Slots.Address);
    }

    /// <summary>Scores and choices of as many tokens at a time as scratch has rows of the context for.</summary>
    private void Select(
        int layer, IndexerDims d, Tensor query, Tensor headWeights, CudaStepPlan plan, CudaKvStore store, Selection selection)
    {
        using ActivationArena.Scope scope = scratch.Open();
        long tokens = query[0];
        int context = plan.ContextBucket, shared = d.Heads * (MostIndexWidth + 1) * sizeof(float);
        long atOnce = Math.Clamp(scratch.Available / 2 / ((long)context * sizeof(float)), 1, Math.Min(tokens, ushort.MaxValue));
        Tensor scores = scratch.Take(ElementType.F32, atOnce, context);
        Kernel score = Find("indexer", Named("index_scores", store.Spec.Format), shared);
        for (long first = 0; first < tokens; first += atOnce)
        {
            long count = Math.Min(atOnce, tokens - first);
            nint positions = plan.Positions.Slice(first, count).Address;
            Kernels.Launch(
                score, new Grid((context + ScoreThreads - 1) / ScoreThreads, (int)count, 1, ScoreThreads, shared),
                query.Slice(first, count).Address, headWeights.Slice(first, count).Address, d.Heads, d.Width, d.KeyScale,
                store.IndexKeys(layer), store.IndexRow.Bytes, plan.BlockTables, plan.BlockColumns, store.Spec.BlockSlots, positions,
                plan.SequenceOf.Slice(first, count).Address, scores.Address, context);
            for (int t = 0; Trace is not null && t < count; t++)
            {
                int visible = plan.Layout.Positions[(int)first + t] + 1;
                Observe(TracePoint.IndexScores, layer, new Tensor(scores.Slice(t, 1).Address, ElementType.F32, 1, visible));
            }

            if (!selection.IsEverything)
                TopK(scores.Slice(0, count), positions, selection.Positions.Slice(first, count));
        }
    }

    private static string Named(string kernel, KvFormat format) => (kernel, format) switch
    {
        ("attend", KvFormat.F32) => "attend_f32",
        ("attend", KvFormat.BF16) => "attend_bf16",
        ("attend", _) => "attend_fp8",
        (_, KvFormat.F32) => "index_scores_f32",
        (_, KvFormat.BF16) => "index_scores_bf16",
        _ => "index_scores_fp8",
    };
}
