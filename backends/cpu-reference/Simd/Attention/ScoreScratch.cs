using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>What the index scores of some tokens need while they are computed, in one stretch of memory.</summary>
/// <param name="first">Where it begins.</param>
/// <param name="dims">Sizes of the indexer.</param>
/// <param name="tokens">The most tokens at once.</param>
/// <param name="context">The most keys.</param>
internal readonly unsafe struct ScoreScratch(float* first, IndexerDims dims, int tokens, int context)
{
    private readonly int _lanes = TokenScores.LanesOf(dims);

    /// <summary>[tokens, head lanes].</summary>
    public float* HeadWeights => first + PanelFloats(dims, tokens);

    /// <summary>Floats from one token's scores to the next: whole tiles of keys.</summary>
    public int ScoreStride => StrideOf(context);

    /// <summary>[tokens, <see cref="ScoreStride"/>] scores by position.</summary>
    public float* Scores => HeadWeights + ((long)tokens * _lanes);

    /// <summary>The queries of the first <paramref name="used"/> tokens: lanes are heads, token by token.</summary>
    public QueryPanels Panels(int used) => new(first, used * _lanes, dims.Width);

    /// <summary>Floats that it takes.</summary>
    public static long Floats(IndexerDims dims, int tokens, int context) =>
        PanelFloats(dims, tokens) + (tokens * ((long)TokenScores.LanesOf(dims) + StrideOf(context)));

    private static long PanelFloats(IndexerDims dims, int tokens) =>
        QueryPanels.LanesOf(tokens * TokenScores.LanesOf(dims)) * (long)dims.Width;

    private static int StrideOf(int context) => (context + RowDots.Rows - 1) / RowDots.Rows * RowDots.Rows;
}
