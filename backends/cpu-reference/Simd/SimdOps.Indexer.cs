using Glm5.Backends.CpuReference.Simd.Attention;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>The lightning indexer over the paged key cache (specification 3.2).</summary>
internal unsafe partial class SimdOps
{
    private readonly RopeAngles _indexAngles = new();

    /// <inheritdoc/>
    [Fused("paged index scores and top-k")]
    protected override void SelectTokensCore(
        AttentionWeights weights, IndexerWeights indexer, Tensor x, Tensor latent, StepPlan plan, KvStore kv,
        Selection selection)
    {
        IndexerDims d = indexer.Dims;
        long tokens = x[0];
        using ActivationArena.Scope scope = Arena.Open();
        bool scores = !selection.IsEverything || Trace is not null;
        Tensor queries = scores ? Arena.Take(ElementType.F32, tokens, (long)d.Heads * d.Width) : default;
        if (scores)
            MatMulCore(latent, indexer.QueryUp, queries);
        PlaceKeys(weights, indexer, x, queries, plan, Cached(kv));
        if (!scores)
            return;

        Tensor headWeights = Arena.Take(ElementType.F32, tokens, d.Heads);
        MatMulCore(x, indexer.HeadWeights, headWeights);
        ScaleCore(headWeights, d.HeadScale, headWeights);
        CheckBlocks(plan.Layout, kv);
        var kernels = new TokenScores
        {
            Dims = d,
            Layout = plan.Layout,
            Cache = Cached(kv).IndexRows(weights.Layer),
            Queries = Floats(queries),
            HeadWeights = Floats(headWeights),
            Chosen = selection.IsEverything ? null : new IntRows(selection.Positions)[0],
        };
        Select(weights.Layer, kernels);
    }

    /// <summary>
    /// Writes the step's index keys to the cache, and rotates the index queries unless they are empty.
    /// </summary>
    private void PlaceKeys(
        AttentionWeights weights, IndexerWeights indexer, Tensor x, Tensor queries, StepPlan plan, CpuKvStore kv)
    {
        IndexerDims d = indexer.Dims;
        using ActivationArena.Scope scope = Arena.Open();
        Tensor keys = Arena.Take(ElementType.F32, x[0], d.Width);
        MatMulCore(x, indexer.Key, keys);
        LayerNormCore(keys, indexer.KeyNorm, indexer.KeyNormBias, IndexerDims.Epsilon, keys);
        _indexAngles.Prepare(plan.Layout, weights.Dims.Theta, d.Rope);
        var place = new PlaceIndexKeys
        {
            Dims = d,
            Angles = _indexAngles,
            Layout = plan.Layout,
            Cache = kv.IndexRows(weights.Layer),
            Keys = Floats(keys),
            Queries = queries.IsEmpty ? null : Floats(queries),
        };
        Team.Run(ref place, (int)x[0]);
    }

    private void Select(int layer, TokenScores kernels)
    {
        StepLayout layout = kernels.Layout;
        int atOnce = Math.Min(TokenScores.TokensAtOnce(kernels.Dims), layout.TokenCount);
        int context = layout.LongestContext;
        int* starts = (int*)Arena.Take(ElementType.I32, layout.TokenCount + 1).Address;
        int groups = Group(layout, atOnce, starts);
        long floats = ScoreScratch.Floats(kernels.Dims, atOnce, context);
        if (Trace is null && FillsTeam(groups, floats))
        {
            var work = new SelectGroups(kernels, starts, TakeFloats(floats * Team.Threads), atOnce, context);
            Team.Run(ref work, groups);
            return;
        }

        var scratch = new ScoreScratch(TakeFloats(floats), kernels.Dims, atOnce, context);
        for (int g = 0; g < groups; g++)
            SelectGroup(layer, kernels, scratch, starts[g], starts[g + 1] - starts[g]);
    }

    /// <summary>
    /// One group after another, each cut over the team: for few tokens, and for a trace, which wants them in order.
    /// </summary>
    private void SelectGroup(int layer, TokenScores kernels, ScoreScratch scratch, int t, int tokens)
    {
        ReadOnlySpan<int> positions = kernels.Layout.Positions;
        int visible = positions[t + tokens - 1] + 1;
        if (visible > kernels.Dims.TopK || Trace is not null)
        {
            kernels.LayOut(t, tokens, scratch);
            var score = new ScoreKeys(kernels, scratch, t, tokens, visible);
            Team.Run(ref score, (visible + ScoreKeys.Keys - 1) / ScoreKeys.Keys);
        }

        for (int i = 0; i < tokens && Trace is not null; i++)
        {
            nint scores = (nint)(scratch.Scores + ((long)i * scratch.ScoreStride));
            Observe(TracePoint.IndexScores, layer, new Tensor(scores, ElementType.F32, 1, positions[t + i] + 1));
        }

        if (kernels.Chosen is null)
            return;
        var choose = new ChooseTokens(kernels, scratch, t);
        Team.Run(ref choose, tokens);
    }

    /// <summary>Cuts the step's tokens into groups of neighbours of one sequence; returns their number.</summary>
    private static int Group(StepLayout layout, int atOnce, int* starts)
    {
        int groups = 0;
        for (int s = 0; s < layout.SequenceCount; s++)
        {
            for (int t = layout.QueryStart[s]; t < layout.QueryStart[s + 1]; t += atOnce)
                starts[groups++] = t;
        }

        starts[groups] = layout.TokenCount;
        return groups;
    }
}
