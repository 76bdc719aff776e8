using System.Numerics;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>
/// Index scores of some neighbouring tokens of one sequence over its cached index keys (specification 3.2), read in
/// place: the lanes are the tokens' heads, each token's filled up to a power of two, so that several tokens share a
/// pass over the keys. A dot product sums over the width in ascending order, then heads in the order of
/// <see cref="HeadSum"/>: a score is the same whatever tokens it is computed with and however the keys are cut.
/// </summary>
internal readonly unsafe struct TokenScores
{
    // What stays in the caches beside the keys: four panels of queries, and the scores of so many tokens.
    private const int LanesAtOnce = 4 * QueryPanels.Widest;
    private const int MostTokensAtOnce = 16;
    private const int FewestLanes = 4;

    public required IndexerDims Dims { get; init; }

    public required StepLayout Layout { get; init; }

    /// <summary>The layer's index keys.</summary>
    public required CachedRows Cache { get; init; }

    /// <summary>Rotated index queries [tokens, heads, width].</summary>
    public required float* Queries { get; init; }

    /// <summary>Head weights [tokens, heads], already times heads^-½.</summary>
    public required float* HeadWeights { get; init; }

    /// <summary>[tokens, index_topk]; null where only the scores are wanted.</summary>
    public required int* Chosen { get; init; }

    /// <summary>A token's heads filled up to a power of two.</summary>
    public static int LanesOf(IndexerDims dims) =>
        Math.Max(FewestLanes, (int)BitOperations.RoundUpToPowerOf2((uint)dims.Heads));

    /// <summary>The most tokens that share a pass over the keys.</summary>
    public static int TokensAtOnce(IndexerDims dims) => Math.Clamp(LanesAtOnce / LanesOf(dims), 1, MostTokensAtOnce);

    /// <summary>
    /// Lays out queries and head weights of tokens <paramref name="t"/> … + <paramref name="tokens"/> - 1.
    /// </summary>
    public void LayOut(int t, int tokens, ScoreScratch scratch)
    {
        int lanes = LanesOf(Dims);
        QueryPanels panels = scratch.Panels(tokens);
        for (int i = 0; i < tokens; i++)
            LayOutToken(t + i, i * lanes, lanes, panels, scratch.HeadWeights + (i * lanes));
        int filled = tokens * lanes;
        if (filled < panels.Lanes)
            panels.Fill(filled, panels.Lanes - filled, null, 0, 0, 0, Dims.Width);
    }

    /// <summary>
    /// Scores of keys <paramref name="first"/> (a whole tile) … <paramref name="end"/> - 1. Later tokens see more keys
    /// than earlier ones: what lies behind a token's own position is computed and not to be read.
    /// </summary>
    public void Score(int t, int tokens, ScoreScratch scratch, int first, int end)
    {
        QueryPanels panels = scratch.Panels(tokens);
        var keys = new KeyBlocks(Cache, Layout.BlockTables[Layout.SequenceOf[t]], Layout.BlockSlots);
        float** rows = stackalloc float*[RowDots.Rows], next = stackalloc float*[RowDots.Rows];
        float* products = stackalloc float[RowDots.Rows * panels.Lanes];
        int tileFloats = Cache.InPlace ? 0 : RowDots.Rows * Dims.Width;
        float* room = stackalloc float[2 * tileFloats], nextRoom = room + tileFloats;
        keys.Tile(first, end, next, nextRoom);
        for (int j = first; j < end; j += RowDots.Rows)
        {
            float** tile = next;
            next = rows;
            rows = tile;
            float* decoded = nextRoom;
            nextRoom = room;
            room = decoded;
            bool more = j + RowDots.Rows < end;
            if (more)
                keys.Tile(j + RowDots.Rows, end, next, nextRoom);
            for (int panel = 0; panel < panels.Count; panel++)
            {
                RowDots.Tile(
                    rows, more && panel == 0 ? next : null, panels.Panel(panel), panels.LanesIn(panel), Dims.Width,
                    Dims.KeyScale, products + (panel * QueryPanels.Widest), panels.Lanes);
            }

            SumHeads(tokens, scratch, products, panels.Lanes, j);
        }
    }

    /// <summary>
    /// Chooses the positions of token <paramref name="t"/>, the <paramref name="i"/>-th of those scored.
    /// </summary>
    public void Choose(int t, int i, ScoreScratch scratch)
    {
        int* chosen = Chosen + ((long)t * Dims.TopK);
        int visible = Layout.Positions[t] + 1;
        if (visible > Dims.TopK)
        {
            TopPositions.Choose(scratch.Scores + ((long)i * scratch.ScoreStride), visible, chosen, Dims.TopK);
            return;
        }

        for (int j = 0; j < Dims.TopK; j++)
            chosen[j] = j < visible ? j : -1;
    }

    private void LayOutToken(int t, int lane, int lanes, QueryPanels panels, float* weights)
    {
        (int heads, int width) = (Dims.Heads, Dims.Width);
        for (int h = 0; h < lanes; h++)
            weights[h] = h < heads ? HeadWeights[((long)t * heads) + h] : 0;
        for (int h = 0; h < lanes; h += QueryPanels.Widest)
        {
            int count = Math.Min(lanes - h, QueryPanels.Widest);
            float* queries = Queries + ((((long)t * heads) + h) * width);
            panels.Fill(lane + h, count, queries, width, Math.Min(count, heads - h), 0, width);
        }
    }

    private void SumHeads(int tokens, ScoreScratch scratch, float* products, int stride, int j)
    {
        int lanes = LanesOf(Dims);
        for (int i = 0; i < tokens; i++)
        {
            float* scores = scratch.Scores + ((long)i * scratch.ScoreStride) + j;
            float* weights = scratch.HeadWeights + (i * lanes);
            for (int r = 0; r < RowDots.Rows; r += HeadSum.Rows)
                HeadSum.Of(products + (r * stride) + (i * lanes), stride, weights, lanes, scores + r);
        }
    }
}
