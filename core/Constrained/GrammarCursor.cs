using System.Collections.Immutable;
using Glm5.Core.Chat.Output;
using Glm5.Core.Constrained.Automaton;

namespace Glm5.Core.Constrained;

/// <summary>
/// One answer's way through its grammar. Before the token after which the grammar binds, the answer may be anything but
/// over or a tool call; after it, only what the grammar lets through, and its end where the grammar can end or knows no
/// other way. One thread; <see cref="Foresee"/> any.
/// </summary>
internal sealed class GrammarCursor
{
    private readonly TokenGrammar _grammar;
    private readonly ImmutableArray<int> _endIds;
    private readonly int? _bindsAfter;

    /// <summary>Null before the grammar binds. A value: restoring it goes back.</summary>
    private GrammarState? _state;

    /// <param name="grammar">The form.</param>
    /// <param name="stopIds">Ids that end the answer; those that spell text are judged as text.</param>
    /// <param name="bindsAfter">The token after which the grammar binds; null: from the beginning.</param>
    public GrammarCursor(TokenGrammar grammar, ImmutableArray<int> stopIds, int? bindsAfter)
    {
        (_grammar, _endIds, _bindsAfter) = (grammar, EndIds(grammar.Vocabulary, stopIds), bindsAfter);
        _state = bindsAfter is null ? grammar.Start : null;
    }

    /// <summary>True when nothing but the end may come.</summary>
    public bool MustEnd => _state is { } state && (state.IsOver || _grammar.Allowed(state).Count == 0);

    /// <summary>The ids that end an answer and spell no text.</summary>
    public static ImmutableArray<int> EndIds(GrammarVocabulary vocabulary, ImmutableArray<int> stopIds) =>
        stopIds.RemoveAll(id => !vocabulary.TextOf(id).IsEmpty);

    /// <summary>True for a token that may come now. Needs no mask.</summary>
    public bool Allows(int token)
    {
        bool ends = _endIds.AsSpan().Contains(token);
        if (_state is not { } state)
            return !ends && !IsCall(token);
        return ends ? state.CanEnd || MustEnd : !_grammar.Step(state, token).IsDead;
    }

    /// <summary>Makes impossible in logits [vocab] what may not come now.</summary>
    public void Apply(Span<float> logits)
    {
        if (_state is not { } state)
        {
            foreach (int end in _endIds)
                logits[end] = float.NegativeInfinity;
            if (_grammar.Vocabulary.IdOf(OutputTag.CallOpen) is >= 0 and int call)
                logits[call] = float.NegativeInfinity;
            return;
        }

        bool canEnd = state.CanEnd || MustEnd;
        Span<float> ends = stackalloc float[Math.Min(_endIds.Length, 64)];
        for (int i = 0; i < ends.Length; i++)
            ends[i] = logits[_endIds[i]];
        _grammar.Allowed(state).Apply(logits);
        for (int i = 0; canEnd && i < ends.Length; i++)
            logits[_endIds[i]] = ends[i];
    }

    /// <summary>Goes on by a token.</summary>
    public void Accept(int token) => Volatile.Write(ref _state, After(_state, token));

    /// <summary>
    /// Finds the masks that the next choices need while nobody waits for them. It may miss a token that is accepted
    /// meanwhile: then it has looked at places that are past.
    /// </summary>
    /// <param name="drafts">Tokens that may come next; one below 0 ends them.</param>
    public void Foresee(ReadOnlySpan<int> drafts)
    {
        GrammarState? state = Volatile.Read(ref _state);
        foreach (int draft in drafts)
        {
            if (state is { IsOver: false })
                _grammar.Allowed(state);
            if (draft < 0 || state is { IsOver: true })
                return;
            state = After(state, draft);
        }
    }

    /// <summary>Where a token leads; the end of the answer leads nowhere.</summary>
    private GrammarState? After(GrammarState? state, int token)
    {
        if (state is null)
            return token == _bindsAfter ? _grammar.Start : null;
        return _endIds.AsSpan().Contains(token) ? state : _grammar.Step(state, token);
    }

    private bool IsCall(int token) => token == _grammar.Vocabulary.IdOf(OutputTag.CallOpen);
}
