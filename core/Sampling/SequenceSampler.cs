using System.Collections.Immutable;

namespace Glm5.Core.Sampling;

/// <summary>
/// Chooses the tokens of one sequence. Holds what the choice depends on: the request's parameters and the tokens so far.
/// Randomness is keyed by seed and position, never by call order. Used by one thread at a time, the one that samples.
/// </summary>
/// <remarks>
/// In this order: ids that name nothing become impossible; log probabilities are taken; logit bias; penalties; stop ids
/// become impossible until the answer is long enough; at temperature 0 the best; otherwise temperature, min-p, top-k,
/// top-p, draw. The lowest id wins among equals. Logits that are not numbers count as impossible, and when nothing is
/// possible the lowest id that may be chosen is.
/// </remarks>
public sealed class SequenceSampler
{
    /// <summary>Below it, dividing by the temperature leaves nothing of the others anyway, and may overflow.</summary>
    private const float LowestTemperature = 1e-5f;

    private readonly SamplingParameters _parameters;
    private readonly long _seed;
    private readonly int _promptLength;
    private readonly int _minTokens;
    private readonly ImmutableArray<int> _stopIds;
    private readonly KeyValuePair<int, float>[] _bias;
    private readonly Penalties? _penalties;
    private readonly TokenMask _unnamed;
    private SamplingScratch _scratch;
    private int _accepted;

    /// <summary>A sampler for a request, at the beginning of its answer.</summary>
    /// <param name="request">Parameters, prompt, stop ids and the answer's least length.</param>
    /// <param name="seed">The request's seed, or a fresh one.</param>
    /// <param name="unnamed">Ids that name nothing.</param>
    /// <param name="scratch">Room for the vocabulary, shared with other samplers of the same thread.</param>
    public SequenceSampler(GenerationRequest request, long seed, TokenMask unnamed, SamplingScratch scratch)
    {
        (_parameters, _seed, _unnamed, _scratch) = (request.Sampling, seed, unnamed, scratch);
        (_promptLength, _minTokens, _stopIds) = (request.Prompt.Length, request.MinTokens, request.StopIds);
        _bias = [.. request.Sampling.LogitBias];
        _penalties = Penalties.Of(request.Sampling, request.Prompt.AsSpan());
        IsGreedy = _parameters.Temperature < LowestTemperature;
        IsPlainArgMax = IsGreedy && _bias.Length == 0 && _penalties is null && _parameters.LogProbs is null;
    }

    /// <summary>A sampler that goes on where another stood, perhaps in another process.</summary>
    /// <param name="state">Where it stood.</param>
    /// <param name="unnamed">Ids that name nothing.</param>
    /// <param name="scratch">Room for the vocabulary, shared with other samplers of the same thread.</param>
    public SequenceSampler(SamplerState state, TokenMask unnamed, SamplingScratch scratch)
    {
        (_parameters, _seed, _unnamed, _scratch) = (state.Parameters, state.Seed, unnamed, scratch);
        (_promptLength, _minTokens, _stopIds) = (state.PromptLength, state.MinTokens, state.StopIds);
        _bias = [.. state.Parameters.LogitBias];
        _penalties = Penalties.Of(state.Parameters, []);
        _penalties?.Restore(state.Counts);
        _accepted = state.Accepted;
        IsGreedy = _parameters.Temperature < LowestTemperature;
        IsPlainArgMax = IsGreedy && _bias.Length == 0 && _penalties is null && _parameters.LogProbs is null;
    }

    /// <summary>Where it stands.</summary>
    public SamplerState State => new(
        _parameters, _seed, _promptLength, _minTokens, _stopIds, _accepted, _penalties?.Counts ?? []);

    /// <summary>
    /// True when the choice is the argmax of the logits (lowest id among equals), and nothing else is wanted. Stands only
    /// for an argmax that <see cref="Allows"/>; otherwise <see cref="Choose"/> finds the best that is allowed.
    /// </summary>
    public bool IsPlainArgMax { get; }

    private bool IsGreedy { get; }

    private bool MustGoOn => _accepted < _minTokens;

    /// <summary>
    /// True for a token that may be chosen now: it names something, and does not stop an answer too early.
    /// </summary>
    public bool Allows(int token) => !_unnamed.Forbids(token) && !(MustGoOn && _stopIds.AsSpan().Contains(token));

    /// <summary>
    /// Chooses from logits [vocab], which it may overwrite. Does not count the token: see <see cref="Accept"/>.
    /// </summary>
    public SampledToken Choose(Span<float> logits)
    {
        _unnamed.Apply(logits);
        return _parameters.LogProbs is { } top
            ? ChooseWithLogProbs(logits, top)
            : new SampledToken(Pick(logits), float.NaN, null);
    }

    /// <summary>Counts a token as part of the sequence.</summary>
    public void Accept(int token)
    {
        _accepted++;
        _penalties?.Count(token);
    }

    /// <summary>Takes the scratch of the thread that samples from now on.</summary>
    internal void Use(SamplingScratch scratch) => _scratch = scratch;

    private SampledToken ChooseWithLogProbs(Span<float> logits, int top)
    {
        Span<float> raw = _scratch.Raw.AsSpan(0, logits.Length);
        logits.CopyTo(raw);
        float max = LogitMath.Max(raw);
        double logSum = max + Math.Log(LogitMath.SumExp(raw, max, temperature: 1));
        TokenLogProb[]? best = top > 0 ? Best(raw, logSum, top) : null;
        int token = Pick(logits);
        return new SampledToken(token, (float)(raw[token] - logSum), best);
    }

    private TokenLogProb[] Best(ReadOnlySpan<float> raw, double logSum, int top)
    {
        Candidates candidates = _scratch.Candidates;
        candidates.Gather(raw, float.NegativeInfinity, top);
        candidates.Sort();
        var best = new TokenLogProb[Math.Min(top, candidates.Count)];
        for (int rank = 0; rank < best.Length; rank++)
            best[rank] = new TokenLogProb(candidates.Token(rank), (float)(candidates.Logit(rank) - logSum));
        return best;
    }

    private int Pick(Span<float> logits)
    {
        foreach ((int token, float bias) in _bias)
            logits[token] += bias;
        _penalties?.Apply(logits);
        if (MustGoOn)
        {
            foreach (int stop in _stopIds)
                logits[stop] = float.NegativeInfinity;
        }

        float max = LogitMath.Max(logits);
        if (float.IsNegativeInfinity(max))
            return LowestAllowed(logits.Length);
        if (IsGreedy || float.IsPositiveInfinity(max))
            return LogitMath.FirstIndexOf(logits, max);
        double unit = KeyedRandom.Unit(_seed, _promptLength + _accepted, DrawPurpose.Token);
        return FiltersNothing(logits.Length)
            ? TokenDraw.FromAll(logits, max, _parameters.Temperature, unit, _scratch)
            : TokenDraw.Filtered(logits, max, _parameters, unit, _scratch);
    }

    private bool FiltersNothing(int vocabulary) =>
        _parameters is { TopP: >= 1, MinP: <= 0 } && (_parameters.TopK == 0 || _parameters.TopK >= vocabulary);

    private int LowestAllowed(int vocabulary)
    {
        for (int token = 0; token < vocabulary; token++)
        {
            if (Allows(token))
                return token;
        }

        return 0;
    }
}
