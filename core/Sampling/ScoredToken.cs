namespace Glm5.Core.Sampling;

/// <summary>A token of a prompt, and how probable it was behind those before it.</summary>
/// <param name="Token">Its id.</param>
/// <param name="LogProb">Natural logarithm of its probability.</param>
/// <param name="Rank">1 when none was more probable; equally probable ones share a rank.</param>
/// <param name="Top">The most probable tokens at its place, most probable first.</param>
public readonly record struct ScoredToken(int Token, float LogProb, int Rank, TokenLogProb[] Top);
