using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Glm5.Core.Tokenization;

/// <summary>
/// A split by any pattern that .NET's linear-time engine accepts. Its classes know UTF-16 code units only, so a
/// character outside of the first plane is shown to it as one of the first plane with the same category.
/// </summary>
internal sealed class RegexSplit : TextSplit
{
    /// <summary>
    /// By category: a character that patterns do not name, in the order of <see cref="UnicodeCategory"/>.
    /// </summary>
    public const string StandIns =
        "\uA7AA\uA7FA\u1FFC\uA7F8\uA66E\uA66F\uA983\uA670\uA8D0\u3007\uA830\u3000\u2028\u2029\u0084\u206E\uD800\uF8FE"
        + "\uFE4F\uFE58\uFE5D\uFE5E\u2E0C\u2E0D\uA8CE\uFE62\uA838\uA720\uA836\uFFF0";

    private readonly Regex _pattern;

    /// <exception cref="NotSupportedException">The pattern is no regular expression of .NET, or needs
    /// backtracking.</exception>
    public RegexSplit(string pattern)
    {
        try
        {
            _pattern = new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (ArgumentException exception)
        {
            throw new NotSupportedException(exception.Message, exception);
        }
    }

    public override void Split(ReadOnlySpan<byte> text, PooledInts lengths)
    {
        char[] shown = ArrayPool<char>.Shared.Rent(text.Length);
        int count = Show(text, shown);
        int from = 0;
        int at = 0;
        foreach (ValueMatch match in _pattern.EnumerateMatches(shown.AsSpan(0, count)))
        {
            Add(text, ref at, match.Index - from, lengths);
            Add(text, ref at, match.Length, lengths);
            from = match.Index + match.Length;
        }

        Add(text, ref at, count - from, lengths);
        ArrayPool<char>.Shared.Return(shown);
    }

    /// <summary>One character of the first plane for each character of the text.</summary>
    private static int Show(ReadOnlySpan<byte> text, Span<char> into)
    {
        int count = 0;
        while (!text.IsEmpty)
        {
            Rune.DecodeFromUtf8(text, out Rune rune, out int length);
            into[count++] = rune.IsBmp ? (char)rune.Value : StandIns[(int)Rune.GetUnicodeCategory(rune)];
            text = text[length..];
        }

        return count;
    }

    private static void Add(ReadOnlySpan<byte> text, ref int at, int characters, PooledInts lengths)
    {
        if (characters == 0)
            return;

        int start = at;
        for (; characters > 0; characters--)
        {
            RuneClasses.At(text, at, out int length);
            at += length;
        }

        lengths.Add(at - start);
    }
}
