using System.Text;
using Glm5.Core.Chat.Output;
using Glm5.Core.Constrained;
using Glm5.Core.Sampling;

namespace Glm5.Benchmarks.Speed;

/// <summary>
/// A vocabulary of GLM-5's size without its files: single bytes, words with and without a space before them, CJK, code
/// with its quotes and brackets, runs of white space, and parts of characters. In its shares and lengths it is like one
/// that was trained; its words are not words.
/// </summary>
internal static class SyntheticVocabulary
{
    /// <summary>Tokens that logits have.</summary>
    public const int Size = 154_880;

    private const int Special = 200;
    private static readonly string[] s_syllables =
    [
        "a", "ba", "con", "de", "er", "fi", "ga", "ho", "in", "ja", "ka", "li", "mo", "na", "or", "pre", "qu", "re", "st",
        "ti", "un", "ver", "wa", "ex", "y", "zo", "th", "ing", "tion", "ment", "ou", "le", "ch", "s", "ed", "ly", "ü", "é",
    ];

    private static readonly string[] s_code =
    [
        "\"", "\":", "\": ", "\",", "\", \"", "\"}", "\"},", "\"]", "{\"", "[\"", "{}", "[]", "\n", "\n\n", "\\n", "\\\"", "();",
        ");\n", " {\n", "}\n", "://", "</", "/>", "=\"", "=> ", "->", "::", "&&", "||", "!=", "==", "...", ",\n", "\t", "\r\n",
    ];

    /// <summary>The vocabulary as grammars see it; the last ids are tags and names of nothing.</summary>
    public static GrammarVocabulary Build()
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        var texts = new List<byte[]?>();
        for (int value = 0; value < 256; value++)
            texts.Add([(byte)value]);
        for (int draw = 0; texts.Count < Size - Special; draw++)
        {
            string text = Text(draw);
            if (text.Length > 1 && known.Add(text))
                texts.Add(draw % 97 == 0 ? Encoding.UTF8.GetBytes(text)[..^1] : Encoding.UTF8.GetBytes(text));
        }

        int[] tags = [.. Enumerable.Range(Size - Special, OutputTags.Count)];
        return new GrammarVocabulary([.. texts], tags, Size);
    }

    private static string Text(int draw) => Draw(draw, 0, 20) switch
    {
        < 11 => (Draw(draw, 1, 2) == 0 ? " " : "") + Word(draw, 1 + Draw(draw, 2, 4)),
        < 12 => Word(draw, 2).ToUpperInvariant(),
        < 17 => Ideographs(draw, 1 + Draw(draw, 2, 3)),
        < 18 => s_code[Draw(draw, 1, s_code.Length)] + Word(draw, Draw(draw, 2, 3)),
        < 19 => Word(draw, 1 + Draw(draw, 2, 2)) + s_code[Draw(draw, 1, s_code.Length)],
        _ => Draw(draw, 1, 3) switch
        {
            0 => new string(' ', 1 + Draw(draw, 2, 80)),
            1 => "\n" + new string(' ', Draw(draw, 2, 60)),
            _ => $"{Draw(draw, 2, 1000)}",
        },
    };

    private static string Word(int draw, int syllables) => string.Concat(
        Enumerable.Range(0, syllables).Select(i => s_syllables[Draw(draw, 10 + i, s_syllables.Length)]));

    private static string Ideographs(int draw, int count) => string.Concat(
        Enumerable.Range(0, count).Select(i => (char)(0x4E00 + Draw(draw, 20 + i, 5000))));

    private static int Draw(int draw, int purpose, int below) =>
        (int)(KeyedRandom.Unit(purpose, draw, DrawPurpose.Token) * below);
}
