using System.Collections.Immutable;
using Glm5.Core.Constrained;

namespace Glm5.Core.Sampling;

/// <summary>
/// Chooses the tokens of one sequence. Holds what the choice depends on: the request's parameters and the tokens so far.
/// Randomness is keyed by seed and position, never by call order. Used by one thread at a time, the one that samples.
/// </summary>
/// <remarks>
/// In this order: ids that name nothing become impossible; log probabilities are taken; logit bias; penalties; what the
/// answer's grammar does not let through becomes impossible, and stop ids until the answer is long enough; once the
/// thinking budget is spent, everything but the end of reasoning; at temperature 0 the best; otherwise temperature, min-p,
/// top-k, top-p, draw. The lowest id wins among equals. Logits that are not numbers count as impossible, and when nothing
/// is possible the lowest id that may be chosen is.
/// </remarks>
public sealed class SequenceSampler
{
    /// <summary>Below it, dividing by the temperature leaves nothing of the others anyway, and may overflow.</summary>
    private const float LowestTemperature = 1e-5f;

    private readonly SamplingParameters _parameters;
    private readonly long _seed;
    private readonly int _promptLength;
    private readonly int _minTokens;
    private readonly int _promptTop;
    private readonly ImmutableArray<int> _stopIds;
    private readonly KeyValuePair<int, float>[] _bias;
    private readonly Penalties? _penalties;
    private readonly TokenMask _unnamed;
    private readonly GrammarCursor? _form;
    private readonly ThinkingBudget _thinking;
    private SamplingScratch _scratch;
    private int _accepted;
    private bool _thinks;

    /// <summary>A sampler for a request, at the beginning of its answer.</summary>
    /// <param name="request">Parameters, prompt, stop ids and the answer's least length.</param>
    /// <param name="seed">The request's seed, or a fresh one.</param>
    /// <param name="unnamed">Ids that name nothing.</param>
    /// <param name="scratch">Room for the vocabulary, shared with other samplers of the same thread.</param>
    public SequenceSampler(GenerationRequest request, long seed, TokenMask unnamed, SamplingScratch scratch)
    {
        (_parameters, _seed, _unnamed, _scratch) = (request.Sampling, seed, unnamed, scratch);
        (_promptLength, _minTokens, _stopIds) = (request.Prompt.Length, request.MinTokens, request.StopIds);
        _promptTop = request.PromptLogProbs ?? 0;
        _bias = [.. request.Sampling.LogitBias];
        _penalties = Penalties.Of(request.Sampling, request.Prompt.AsSpan());
        if (request.Grammar is { } grammar)
            _form = new GrammarCursor(grammar, request.StopIds, request.GrammarAfter);
        (_thinks, _thinking) = (request.Thinking is not null, request.Thinking ?? default);
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
        (_thinks, _thinking) = (state.Thinking is not null, state.Thinking ?? default);
        IsGreedy = _parameters.Temperature < LowestTemperature;
        IsPlainArgMax = IsGreedy && _bias.Length == 0 && _penalties is null && _parameters.LogProbs is null;
    }

    /// <summary>Where it stands.</summary>
    /// <exception cref="NotSupportedException">Its answer has a form, which only this process knows.</exception>
    public SamplerState State => _form is null
        ? new SamplerState(
            _parameters, _seed, _promptLength, _minTokens, _stopIds, _accepted, _thinks ? _thinking : null,
            _penalties?.Counts ?? [])
        : throw new NotSupportedException("a sampler whose answer has a form stays in its process");

    /// <summary>
    /// True when the choice is the argmax of the logits (lowest id among equals), and nothing else is wanted. Stands only
    /// for an argmax that <see cref="Allows"/>; otherwise <see cref="Choose"/> finds the best that is allowed.
    /// </summary>
    public bool IsPlainArgMax { get; }

    /// <summary>What the randomness of the next choice is keyed by.</summary>
    public SampleKey NextKey => new(_seed, _promptLength + _accepted);

    private bool IsGreedy { get; }

    /// <summary>An answer whose form is complete ends, however short it is.</summary>
    private bool MustGoOn => _accepted < _minTokens && _form?.MustEnd != true;

    /// <summary>An answer that has reasoned for as long as it may.</summary>
    private bool MustClose => _thinks && _accepted >= _thinking.Tokens;

    /// <summary>
    /// True for a token that may be chosen now: it names something, does not stop an answer too early, and fits the
    /// answer's grammar and thinking budget.
    /// </summary>
    public bool Allows(int token) => MustClose
        ? token == _thinking.CloseId
        : !_unnamed.Forbids(token) && !(MustGoOn && _stopIds.AsSpan().Contains(token)) && _form?.Allows(token) != false;

    /// <summary>
    /// Finds out what the next choices may be, so that they need not wait for it. Any thread, at any time: it changes
    /// nothing but what is remembered.
    /// </summary>
    /// <param name="drafts">Tokens that may be chosen next; one below 0 ends them.</param>
    public void Foresee(ReadOnlySpan<int> drafts) => _form?.Foresee(drafts);

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

    /// <summary>
    /// How probable a token of the prompt was, by the logits [vocab] in front of it, which it may overwrite. Changes nothing
    /// else.
    /// </summary>
    public ScoredToken Score(Span<float> logits, int token)
    {
        _unnamed.Apply(logits);
        float max = LogitMath.Max(logits);
        double logSum = max + Math.Log(LogitMath.SumExp(logits, max, temperature: 1));
        float own = logits[token];
        int rank = 1;
        foreach (float logit in logits)
        {
            if (logit > own)
                rank++;
        }

        return new ScoredToken(token, (float)(own - logSum), rank, _promptTop > 0 ? Best(logits, logSum, _promptTop) : []);
    }

    /// <summary>Counts a token as part of the sequence.</summary>
    public void Accept(int token)
    {
        _accepted++;
        _thinks &= token != _thinking.CloseId && token != _thinking.CallId;
        _penalties?.Count(token);
        _form?.Accept(token);
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
        _form?.Apply(logits);
        if (MustGoOn)
        {
            foreach (int stop in _stopIds)
                logits[stop] = float.NegativeInfinity;
        }

        if (MustClose)
            return _thinking.CloseId;
        float max = LogitMath.Max(logits);
        if (float.IsNegativeInfinity(max))
            return LowestAllowed(logits.Length);
        if (IsGreedy || float.IsPositiveInfinity(max))
            return LogitMath.FirstIndexOf(logits, max);
        double unit = KeyedRandom.Unit(NextKey.Seed, NextKey.Position, DrawPurpose.Token);
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
