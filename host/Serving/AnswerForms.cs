using Glm5.Core.Constrained;
using Glm5.Core.Tokenization;

namespace Glm5.Host.Serving;

/// <summary>
/// The forms that requests ask their answers to have, over a model's tokens. The last ones are kept: clients send the
/// same schema with every request, and a form that was used knows its masks. Any thread.
/// </summary>
/// <param name="tokenizer">Names the tokens.</param>
/// <param name="vocabularySize">Tokens that logits have.</param>
internal sealed class AnswerForms(Tokenizer tokenizer, int vocabularySize)
{
    private const int Kept = 32;

    /// <summary>What the kept ones may take together, masks included; one that is in use lives on without us.</summary>
    private const long KeptBytes = 256 << 20;

    private readonly Lazy<GrammarVocabulary> _vocabulary = new(() => new GrammarVocabulary(tokenizer, vocabularySize));
    private readonly Lock _gate = new();

    /// <summary>By key, the one used last at the end.</summary>
    private readonly OrderedDictionary<string, TokenGrammar> _forms = new(StringComparer.Ordinal);

    /// <summary>True when the model's tokens can write tool calls.</summary>
    public bool SpellsCalls => _vocabulary.Value.SpellsCalls;

    /// <summary>The form of a key, compiled when it is not known.</summary>
    /// <exception cref="GrammarException">It cannot be compiled.</exception>
    public AnswerForm Get(string key, Func<Grammar> compile)
    {
        lock (_gate)
        {
            if (_forms.Remove(key, out TokenGrammar? known))
            {
                _forms.Add(key, known);
                return new AnswerForm(key, known);
            }
        }

        // Two requests may compile the same; neither keeps the others waiting.
        var form = new TokenGrammar(compile(), _vocabulary.Value);
        lock (_gate)
        {
            _forms[key] = form;
            while (_forms.Count > Kept || (_forms.Count > 1 && Bytes() > KeptBytes))
                _forms.RemoveAt(0);
        }

        return new AnswerForm(key, form);
    }

    /// <summary>What has either of two forms.</summary>
    /// <exception cref="GrammarException">They cannot stand beside each other.</exception>
    public AnswerForm Either(AnswerForm one, AnswerForm other) => Get(
        $"either {one.Key.Length} {one.Key} {other.Key}", () => Grammar.Either(one.Grammar.Grammar, other.Grammar.Grammar));

    private long Bytes()
    {
        long bytes = 0;
        foreach (TokenGrammar form in _forms.Values)
            bytes += form.Bytes;
        return bytes;
    }
}

/// <summary>A form that answers have.</summary>
/// <param name="Key">Tells it from others.</param>
/// <param name="Grammar">What it lets through.</param>
internal sealed record AnswerForm(string Key, TokenGrammar Grammar);
