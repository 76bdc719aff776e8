using System.Globalization;
using System.Text;

namespace Glm5.Core.Chat.Jinja;

/// <summary>Reads the numbers and strings of a template's expressions.</summary>
internal static class Literals
{
    /// <summary>An integer or float; underscores may part its digits.</summary>
    public static Token Number(string source, ref int at, bool mayBeFloat)
    {
        int start = at;
        if (source[at] == '0' && at + 1 < source.Length && char.ToLowerInvariant(source[at + 1]) is 'x' or 'o' or 'b')
        {
            throw new SyntaxFault("expected a decimal number; no hexadecimal, octal or binary one is supported", at);
        }

        SkipDigits(source, ref at);
        bool isFloat = false;
        if (mayBeFloat && at + 1 < source.Length && source[at] == '.' && char.IsAsciiDigit(source[at + 1]))
        {
            at++;
            SkipDigits(source, ref at);
            isFloat = true;
        }

        if (mayBeFloat && at < source.Length && source[at] is 'e' or 'E')
        {
            int exponent = at + 1;
            exponent += exponent < source.Length && source[exponent] is '+' or '-' ? 1 : 0;
            if (exponent < source.Length && char.IsAsciiDigit(source[exponent]))
            {
                at = exponent;
                SkipDigits(source, ref at);
                isFloat = true;
            }
        }

        string digits = source[start..at].Replace("_", "", StringComparison.Ordinal);
        if (digits.Length > PythonNumbers.MostDigits)
        {
            throw new SyntaxFault($"a number has more than {PythonNumbers.MostDigits} digits", start);
        }

        return new Token(isFloat ? TokenKind.Float : TokenKind.Integer, digits, start);
    }

    /// <summary>A string in single or double quotes, with Python's escapes.</summary>
    public static Token String(string source, ref int at)
    {
        int start = at;
        char quote = source[at++];
        StringBuilder chars = new();
        while (at < source.Length && source[at] != quote)
        {
            if (source[at] == '\\' && at + 1 < source.Length)
            {
                at++;
                ReadEscape(source, ref at, chars);
            }
            else
            {
                chars.Append(source[at++]);
            }
        }

        if (at >= source.Length)
        {
            throw new SyntaxFault($"this string is not closed; expected {quote}", start);
        }

        at++;
        return new Token(TokenKind.String, chars.ToString(), start);
    }

    private static void SkipDigits(string source, ref int at)
    {
        while (at < source.Length && (char.IsAsciiDigit(source[at])
            || (source[at] == '_' && at + 1 < source.Length && char.IsAsciiDigit(source[at + 1]))))
        {
            at++;
        }
    }

    private static void ReadEscape(string source, ref int at, StringBuilder chars)
    {
        char escape = source[at++];
        switch (escape)
        {
            case '\n':
                break;
            case '\\' or '\'' or '"':
                chars.Append(escape);
                break;
            case 'x':
                ReadCode(source, ref at, 2, chars);
                break;
            case 'u':
                ReadCode(source, ref at, 4, chars);
                break;
            case 'U':
                ReadCode(source, ref at, 8, chars);
                break;
            case >= '0' and <= '7':
                at--;
                ReadOctal(source, ref at, chars);
                break;
            case 'N':
                throw new SyntaxFault("\\N{...} is not supported; write the character itself", at - 2);
            default:
                ReadSimple(escape, chars);
                break;
        }
    }

    private static void ReadSimple(char escape, StringBuilder chars)
    {
        const string Escapes = "abfnrtv";
        const string Meanings = "\a\b\f\n\r\t\v";
        int index = Escapes.IndexOf(escape, StringComparison.Ordinal);
        if (index >= 0)
        {
            chars.Append(Meanings[index]);
        }
        else
        {
            // As in Python, a backslash before any other character is a backslash.
            chars.Append('\\').Append(escape);
        }
    }

    private static void ReadOctal(string source, ref int at, StringBuilder chars)
    {
        int code = 0;
        for (int digits = 0; digits < 3 && at < source.Length && source[at] is >= '0' and <= '7'; digits++)
        {
            code = (code * 8) + (source[at++] - '0');
        }

        chars.Append((char)code);
    }

    private static void ReadCode(string source, ref int at, int length, StringBuilder chars)
    {
        if (at + length > source.Length
            || !uint.TryParse(
                source.AsSpan(at, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code)
            || code > 0x10FFFF)
        {
            throw new SyntaxFault($"expected {length} hexadecimal digits of a character's code", at);
        }

        at += length;
        if (code > char.MaxValue)
        {
            chars.Append(new Rune(code));
        }
        else
        {
            chars.Append((char)code);
        }
    }
}
