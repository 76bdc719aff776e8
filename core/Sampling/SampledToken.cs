namespace Glm5.Core.Sampling;

/// <summary>A chosen token.</summary>
/// <param name="Token">Its id.</param>
/// <param name="LogProb">Natural logarithm of its probability before temperature and filters; NaN unless logprobs were asked for.</param>
/// <param name="Top">The most probable tokens, most probable first; null unless asked for.</param>
public readonly record struct SampledToken(int Token, float LogProb, TokenLogProb[]? Top);

/// <summary>A token and the natural logarithm of its probability.</summary>
public readonly record struct TokenLogProb(int Token, float LogProb);
