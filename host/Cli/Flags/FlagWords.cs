using System.Collections.Immutable;
using System.Globalization;

namespace Glm5.Host.Cli.Flags;

/// <summary>The words behind a command, cut into flags with their values and words without a flag.</summary>
internal sealed class FlagWords
{
    private readonly Vocabulary _vocabulary;
    private readonly string[] _words;
    private readonly List<(string Word, Written? After)> _loose = [];
    private int _next;
    private Written? _repeated;

    private FlagWords(Vocabulary vocabulary, string[] words) => (_vocabulary, _words) = (vocabulary, words);

    /// <summary>Flags in the order of the line.</summary>
    public List<Written> Flags { get; } = [];

    /// <summary>Words that belong to no flag: the model, and what is too much.</summary>
    public List<string> Rest { get; } = [];

    /// <summary>Cuts a line. Flags that nobody knows are cut too; who understands them says so.</summary>
    /// <exception cref="FlagException">A value is missing.</exception>
    public static FlagWords Cut(Vocabulary vocabulary, string[] words)
    {
        var line = new FlagWords(vocabulary, words);
        while (line._next < words.Length)
            line.CutOne();
        line.GiveBack();
        return line;
    }

    private static bool IsFlag(string word) =>
        word.Length > 1 && word[0] == '-' && !double.TryParse(word, CultureInfo.InvariantCulture, out _);

    private void CutOne()
    {
        string word = _words[_next++];
        if (word == "--")
        {
            _loose.AddRange(_words[_next..].Select(loose => (loose, (Written?)null)));
            _next = _words.Length;
            return;
        }

        if (!IsFlag(word))
        {
            _loose.Add((word, _repeated));
            return;
        }

        int equals = word.IndexOf('=', StringComparison.Ordinal);
        string spelling = equals < 0 ? word : word[..equals];
        ImmutableArray<string> values = equals < 0 ? Values(spelling) : [word[(equals + 1)..]];
        var flag = new Written(Layer.Line, Vocabulary.Key(spelling), values, spelling);
        Flags.Add(flag);
        _repeated = _vocabulary.Find(spelling)?.Takes == Takes.Repeated ? flag : null;
    }

    /// <summary>
    /// vLLM's <c>--served-model-name a b</c>: words behind a flag that may be repeated are its values, but for the model,
    /// which is the one word that stands elsewhere, or else the last.
    /// </summary>
    private void GiveBack()
    {
        bool isNamed = Flags.Any(flag => _vocabulary.Find(flag.Key)?.Alias is SameAlias { Flag: Given.Model });
        int model = isNamed ? -1 : _loose.FindIndex(loose => loose.After is null);
        if (model < 0 && !isNamed)
            model = _loose.Count - 1;
        for (int i = 0; i < _loose.Count; i++)
        {
            (string word, Written? after) = _loose[i];
            if (after is null || i == model)
                Rest.Add(word);
            else
                Flags.Add(after with { Values = [word] });
        }
    }

    /// <summary>The words that follow a flag and belong to it.</summary>
    private ImmutableArray<string> Values(string spelling)
    {
        bool isObject = Aliases.Objects.Contains(Vocabulary.Key(spelling));
        Takes takes = isObject ? Takes.Value : _vocabulary.Find(spelling)?.Takes ?? Takes.Value;
        bool isKnown = isObject || _vocabulary.Find(spelling) is not null;
        int first = _next;
        // A flag of ours is repeated for several values: after one word the model's folder may follow.
        int most = takes == Takes.Values && _vocabulary.Find(spelling)?.Alias is not null ? _words.Length : first + 1;
        while (_next < Math.Min(most, _words.Length) && !IsFlag(_words[_next])
            && (takes != Takes.Switch || FlagSwitch.Read(_words[_next]) is not null))
        {
            _next++;
        }

        return _next > first || takes == Takes.Switch || !isKnown
            ? [.. _words[first.._next]]
            : throw new FlagException($"{spelling} needs a value");
    }
}
