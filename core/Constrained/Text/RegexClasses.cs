using System.Globalization;
using System.Text;

namespace Glm5.Core.Constrained.Text;

/// <summary>Character classes and escapes of regular expressions.</summary>
internal static class RegexClasses
{
    private static readonly CharSet s_digits = CharSet.Of([new('0', '9')]);
    private static readonly CharSet s_word = CharSet.Of([new('0', '9'), new('A', 'Z'), new('a', 'z'), new('_', '_')]);

    private static readonly CharSet s_space = CharSet.Of(
    [
        new('\t', '\r'), new(' ', ' '), new(0xA0, 0xA0), new(0x1680, 0x1680), new(0x2000, 0x200A), new(0x2028, 0x2029),
        new(0x202F, 0x202F), new(0x205F, 0x205F), new(0x3000, 0x3000), new(0xFEFF, 0xFEFF),
    ]);

    /// <summary>What a dot stands for.</summary>
    public static CharSet NoLineEnd { get; } =
        CharSet.Of([new('\n', '\n'), new('\r', '\r'), new(0x2028, 0x2029)]).Complement();

    /// <summary>Reads a class whose bracket has been read.</summary>
    public static CharSet Read(string pattern, ref int at)
    {
        bool negated = at < pattern.Length && pattern[at] == '^';
        if (negated)
            at++;
        var ranges = new List<CharRange>();
        while (true)
        {
            if (at >= pattern.Length)
                throw Wrong(at, "a '[' without its ']'");
            if (pattern[at] == ']')
                break;
            AddItem(pattern, ref at, ranges);
        }

        at++;
        var set = CharSet.Of(ranges);
        return negated ? set.Complement() : set;
    }

    /// <summary>Reads an escape from its backslash on.</summary>
    public static CharSet ReadEscape(string pattern, ref int at, bool inClass)
    {
        if (++at >= pattern.Length)
            throw Wrong(at, "a backslash at its end");
        char kind = pattern[at++];
        return kind switch
        {
            'd' => s_digits,
            'D' => s_digits.Complement(),
            'w' => s_word,
            'W' => s_word.Complement(),
            's' => s_space,
            'S' => s_space.Complement(),
            'n' => CharSet.Of('\n'),
            'r' => CharSet.Of('\r'),
            't' => CharSet.Of('\t'),
            'f' => CharSet.Of('\f'),
            'v' => CharSet.Of('\v'),
            '0' when at >= pattern.Length || !char.IsAsciiDigit(pattern[at]) => CharSet.Of(0),
            'b' when inClass => CharSet.Of('\b'),
            'x' => CharSet.Of(Hex(pattern, ref at, 2)),
            'u' => CharSet.Of(CodePoint(pattern, ref at)),
            'b' or 'B' => throw Wrong(at, "a word boundary, which is not implemented"),
            'p' or 'P' => throw Wrong(at, "a Unicode property, which is not implemented"),
            'k' or (>= '0' and <= '9') => throw Wrong(at, "a back reference, which is not implemented"),
            _ when char.IsAsciiLetter(kind) => throw Wrong(at, $"the escape '\\{kind}', which is not implemented"),
            _ => CharSet.Of(Whole(pattern, ref at)),
        };
    }

    private static void AddItem(string pattern, ref int at, List<CharRange> ranges)
    {
        CharSet low = Item(pattern, ref at);
        if (at + 1 >= pattern.Length || pattern[at] != '-' || pattern[at + 1] == ']')
        {
            ranges.AddRange(low.Ranges);
            return;
        }

        at++;
        CharSet high = Item(pattern, ref at);
        if (Single(low) is not { } first || Single(high) is not { } last || first > last)
            throw Wrong(at, "a range in a class that does not go from one character up to another");
        ranges.Add(new CharRange(first, last));
    }

    private static CharSet Item(string pattern, ref int at)
    {
        if (pattern[at] == '\\')
            return ReadEscape(pattern, ref at, inClass: true);
        at++;
        return CharSet.Of(Whole(pattern, ref at));
    }

    /// <summary>The character that begins before an offset, a surrogate pair read whole.</summary>
    private static int Whole(string pattern, ref int at)
    {
        Rune.DecodeFromUtf16(pattern.AsSpan(at - 1), out Rune rune, out int length);
        at += length - 1;
        return rune.Value;
    }

    private static int? Single(CharSet set) =>
        set.Ranges is [var range] && range.Low == range.High ? range.Low : null;

    private static int CodePoint(string pattern, ref int at)
    {
        if (at < pattern.Length && pattern[at] == '{')
        {
            int digits = pattern.IndexOf('}', at) - at - 1;
            at++;
            int character = digits is >= 1 and <= 6 ? Hex(pattern, ref at, digits) : throw Wrong(at, "an open '\\u{'");
            at++;
            return character <= CharSet.Last ? character : throw Wrong(at, "an escape beyond U+10FFFF");
        }

        int first = Hex(pattern, ref at, 4);
        if (!char.IsHighSurrogate((char)first) || !pattern.AsSpan(at).StartsWith("\\u"))
            return first;
        int after = at + 2;
        int second = Hex(pattern, ref after, 4);
        if (!char.IsLowSurrogate((char)second))
            return first;
        at = after;
        return char.ConvertToUtf32((char)first, (char)second);
    }

    private static int Hex(string pattern, ref int at, int digits)
    {
        if (at + digits > pattern.Length || !int.TryParse(
            pattern.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value))
        {
            throw Wrong(at, $"an escape without its {digits} hexadecimal digits");
        }

        at += digits;
        return value;
    }

    private static GrammarException Wrong(int at, string what) => new($"{at}", $"the pattern has {what} (at offset {at})");
}
