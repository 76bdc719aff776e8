using System.Globalization;

namespace Glm5.Core.Tokenization;

/// <summary>What split patterns tell apart.</summary>
internal enum RuneClass : byte
{
    /// <summary>None of the others: punctuation, symbols, marks, controls, unassigned.</summary>
    Other,

    /// <summary>General category L.</summary>
    Letter,

    /// <summary>General category N.</summary>
    Number,

    /// <summary>White space but for the line ends below.</summary>
    Space,

    /// <summary>Carriage return and line feed.</summary>
    LineEnd,
}

/// <summary>Classes of the characters of valid UTF-8.</summary>
internal static class RuneClasses
{
    private static readonly RuneClass[] s_plane0 = BuildPlane0();

    /// <summary>The class of the character at <paramref name="at"/>, and its length in bytes.</summary>
    public static RuneClass At(ReadOnlySpan<byte> text, int at, out int length)
    {
        int first = text[at];
        if (first < 0x80)
        {
            length = 1;
            return s_plane0[first];
        }

        if (first < 0xE0)
        {
            length = 2;
            return s_plane0[((first & 0x1F) << 6) | (text[at + 1] & 0x3F)];
        }

        int middle = ((text[at + 1] & 0x3F) << 6) | (text[at + 2] & 0x3F);
        if (first < 0xF0)
        {
            length = 3;
            return s_plane0[((first & 0x0F) << 12) | middle];
        }

        length = 4;
        return Of(((first & 0x07) << 18) | (middle << 6) | (text[at + 3] & 0x3F));
    }

    private static RuneClass[] BuildPlane0()
    {
        RuneClass[] classes = new RuneClass[0x1_0000];
        for (int value = 0; value < classes.Length; value++)
            classes[value] = Of(value);
        return classes;
    }

    private static RuneClass Of(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
    {
        <= UnicodeCategory.OtherLetter => RuneClass.Letter,
        >= UnicodeCategory.DecimalDigitNumber and <= UnicodeCategory.OtherNumber => RuneClass.Number,
        UnicodeCategory.Control when codePoint is '\r' or '\n' => RuneClass.LineEnd,
        _ when codePoint <= char.MaxValue && char.IsWhiteSpace((char)codePoint) => RuneClass.Space,
        _ => RuneClass.Other,
    };
}
