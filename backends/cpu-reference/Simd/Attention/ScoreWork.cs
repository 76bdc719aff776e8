namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>Scores and choices of many groups of tokens: a piece is a group, with a scratch area a worker.</summary>
/// <param name="scores">The kernels.</param>
/// <param name="starts">[groups + 1] first token of each group.</param>
/// <param name="scratch">One area a worker.</param>
/// <param name="tokens">The most tokens of a group.</param>
/// <param name="context">The most keys of the step.</param>
internal readonly unsafe struct SelectGroups(TokenScores scores, int* starts, float* scratch, int tokens, int context)
    : IWork
{
    private readonly long _floats = ScoreScratch.Floats(scores.Dims, tokens, context);

    public void Run(int piece, int worker)
    {
        var area = new ScoreScratch(scratch + (worker * _floats), scores.Dims, tokens, context);
        int t = starts[piece], count = starts[piece + 1] - t, visible = scores.Layout.Positions[t + count - 1] + 1;
        if (visible > scores.Dims.TopK)
        {
            scores.LayOut(t, count, area);
            scores.Score(t, count, area, 0, visible);
        }

        for (int i = 0; i < count; i++)
            scores.Choose(t + i, i, area);
    }
}

/// <summary>Scores of one group of tokens: a piece is a range of keys.</summary>
internal readonly unsafe struct ScoreKeys(TokenScores scores, ScoreScratch scratch, int token, int tokens, int visible)
    : IWork
{
    /// <summary>Keys of a piece, whole tiles.</summary>
    public const int Keys = 256;

    public void Run(int piece, int worker) =>
        scores.Score(token, tokens, scratch, piece * Keys, Math.Min((piece + 1) * Keys, visible));
}

/// <summary>Choices of one group of tokens after its scores: a piece is a token.</summary>
internal readonly unsafe struct ChooseTokens(TokenScores scores, ScoreScratch scratch, int token) : IWork
{
    public void Run(int piece, int worker) => scores.Choose(token + piece, piece, scratch);
}
