using System.Globalization;
using System.Text;

namespace Glm5.Core.Chat.Jinja;

/// <summary>What Python thinks of characters, and how it shows strings.</summary>
internal static class PythonText
{
    /// <summary>str.isspace of one character.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    /// <summary>Whether str.splitlines ends a line here.</summary>
    public static bool IsLineBreak(char c) =>
        c is (>= '\n' and <= '\r') or (>= '\x1c' and <= '\x1e') or '\x85' or '\u2028' or '\u2029';

    /// <summary>
    /// Order by code points, in which Python's strings are ordered; by code units, surrogates would come too early.
    /// </summary>
    public static int Compare(string left, string right)
    {
        int same = left.AsSpan().CommonPrefixLength(right);
        if (same == left.Length || same == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        char a = left[same];
        char b = right[same];
        return char.IsSurrogate(a) == char.IsSurrogate(b) ? a.CompareTo(b) : char.IsSurrogate(a) ? 1 : -1;
    }

    /// <summary>
    /// repr of a string; what stands for a character has that character's origin, the quotes are the client's.
    /// </summary>
    public static void AppendRepresentation(TextBuilder output, Text text)
    {
        string chars = text.Chars;
        char quote = chars.Contains('\'', StringComparison.Ordinal) && !chars.Contains('"', StringComparison.Ordinal)
            ? '"'
            : '\'';
        output.AppendClient([quote]);
        int plain = 0;
        int length;
        for (int at = 0; at < chars.Length; at += length)
        {
            Rune.DecodeFromUtf16(chars.AsSpan(at), out Rune rune, out length);
            if (Escape(chars[at], rune, length, quote) is { } escape)
            {
                output.Append(text, plain, at - plain);
                output.AppendFor(text, at, escape);
                plain = at + length;
            }
        }

        output.Append(text, plain, chars.Length - plain);
        output.AppendClient([quote]);
    }

    /// <summary>A piece of source for an error: printable, and not longer than it helps.</summary>
    public static string Shown(string text)
    {
        string cut = text.Length <= 40 ? text : string.Concat(text.AsSpan(0, 37), "...");
        StringBuilder shown = new();
        foreach (char c in cut)
        {
            shown.Append(char.IsControl(c) || char.IsSurrogate(c) ? $"\\u{(int)c:x4}" : c.ToString());
        }

        return shown.ToString();
    }

    private static string? Escape(char first, Rune rune, int length, char quote)
    {
        if (first == quote || first == '\\')
        {
            return $"\\{first}";
        }

        if (first is >= ' ' and <= '~')
        {
            return null;
        }

        int code = length == 2 || rune.Value == first ? rune.Value : first;
        return first switch
        {
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            _ when IsPrintable(code) => null,
            _ => code <= 0xff ? $"\\x{code:x2}" : code <= 0xffff ? $"\\u{code:x4}" : $"\\U{code:x8}",
        };
    }

    private static bool IsPrintable(int code) => CharUnicodeInfo.GetUnicodeCategory(code) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);
}
