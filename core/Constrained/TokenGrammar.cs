using Glm5.Core.Chat.Output;
using Glm5.Core.Constrained.Automaton;

namespace Glm5.Core.Constrained;

/// <summary>
/// A grammar over a model's tokens: which may come next, and where one leads. Shared by all requests that ask for the
/// same form; what it found for one it knows for the next, within bounds. Any thread.
/// </summary>
public sealed class TokenGrammar
{
    private readonly GrammarVocabulary _vocabulary;
    private readonly GrammarStates _states;
    private readonly Lock _gate = new();
    private readonly ulong[] _words;
    private readonly GrammarState[] _path;
    private int _maskBytes;

    /// <summary>Puts a grammar over a vocabulary.</summary>
    public TokenGrammar(Grammar grammar, GrammarVocabulary vocabulary)
    {
        (Grammar, _vocabulary) = (grammar, vocabulary);
        _states = new GrammarStates(grammar);
        _words = new ulong[vocabulary.PlainWords.Length];
        _path = new GrammarState[Math.Max(vocabulary.Plain.Deepest, vocabulary.Others.Deepest) + 1];
    }

    /// <summary>What it puts over the tokens.</summary>
    public Grammar Grammar { get; }

    internal GrammarVocabulary Vocabulary => _vocabulary;

    /// <summary>Memory that it takes, roughly: the grammar, and what is remembered of it.</summary>
    public long Bytes => _states.Bytes + _maskBytes;

    internal GrammarState Start => _states.Start;

    /// <summary>Where a token leads; a dead state when it cannot come here.</summary>
    internal GrammarState Step(GrammarState state, int token)
    {
        if (_vocabulary.IsTag(token, out OutputTag tag))
            return _states.Step(state, tag);
        ReadOnlySpan<byte> text = _vocabulary.TextOf(token);
        return text.IsEmpty ? GrammarStates.Dead : _states.Step(state, text);
    }

    /// <summary>The tokens that may come.</summary>
    internal AllowedTokens Allowed(GrammarState state) => state.Allowed ?? Find(state);

    private AllowedTokens Find(GrammarState state)
    {
        lock (_gate)
        {
            if (state.Allowed is { } known)
                return known;
            int looks = GrammarBounds.MaskLooks;
            if (state.PlainCharacters >= GrammarVocabulary.LongestPlain)
            {
                _vocabulary.PlainWords.CopyTo(_words, 0);
            }
            else
            {
                Array.Clear(_words);
                _vocabulary.Plain.Mark(_states, state, _words, _path, ref looks);
            }

            _vocabulary.Others.Mark(_states, state, _words, _path, ref looks);
            MarkTags(state);
            Array.Clear(_path);
            var allowed = new AllowedTokens(_words);
            Remember(state, allowed);
            return allowed;
        }
    }

    private void MarkTags(GrammarState state)
    {
        for (int tag = 0; tag < OutputTags.Count; tag++)
        {
            int id = _vocabulary.IdOf((OutputTag)tag);
            if (id >= 0 && !_states.Step(state, (OutputTag)tag).IsDead)
                _words[id / 64] |= 1UL << (id % 64);
        }
    }

    private void Remember(GrammarState state, AllowedTokens allowed)
    {
        _maskBytes += allowed.Bytes;
        if (_maskBytes > GrammarBounds.MaskBytes)
        {
            _states.Forget();
            _maskBytes = allowed.Bytes;
        }

        state.Allowed = allowed;
    }
}
