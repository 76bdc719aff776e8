using System.Globalization;
using System.Numerics;

namespace Glm5.Core.Chat.Jinja;

/// <summary>
/// Python's <c>%</c> formatting: %s, %r, %d, %i, %f with flags, width and precision. What stands for a value has
/// its origin; padding and digits count as the client's.
/// </summary>
internal static class Formatting
{
    private const int Widest = 1000;

    /// <param name="run">The rendering.</param>
    /// <param name="format">The format.</param>
    /// <param name="arguments">The values, by position.</param>
    public static Text Apply(Interpreter run, Text format, Arguments arguments)
    {
        TextBuilder output = run.NewText();
        string chars = format.Chars;
        int used = 0;
        int plain = 0;
        int at = chars.IndexOf('%', StringComparison.Ordinal);
        while (at >= 0)
        {
            output.Append(format, plain, at - plain);
            Directive directive = Directive.Read(chars, ref at);
            if (directive.Kind == '%')
            {
                output.AppendFor(format, at - 1, "%");
            }
            else
            {
                Value value = arguments[used++] ?? throw new RenderFault("not enough arguments for format string");
                directive.Append(run, output, value);
            }

            plain = at;
            at = chars.IndexOf('%', plain);
        }

        if (used < arguments.Count)
        {
            throw new RenderFault("not all arguments converted during string formatting");
        }

        output.Append(format, plain, chars.Length - plain);
        return run.Charged(output.ToText());
    }

    private readonly record struct Directive(
        bool IsLeft, bool HasSign, bool FillsZeros, int Width, int? Precision, char Kind)
    {
        public static Directive Read(string format, ref int at)
        {
            at++;
            int flags = at;
            while (at < format.Length && "-+ 0#".Contains(format[at], StringComparison.Ordinal))
            {
                at++;
            }

            ReadOnlySpan<char> given = format.AsSpan(flags, at - flags);
            int width = ReadNumber(format, ref at);
            int? precision = null;
            if (at < format.Length && format[at] == '.')
            {
                at++;
                precision = ReadNumber(format, ref at);
            }

            char kind = at < format.Length ? format[at++] : throw new RenderFault("incomplete format");
            return new Directive(given.Contains('-'), given.Contains('+'), given.Contains('0'), width, precision, kind);
        }

        public void Append(Interpreter run, TextBuilder output, Value value)
        {
            Text written = Write(run, value);
            int missing = Math.Max(0, Width - written.CountCharacters());
            if (FillsZeros && !IsLeft && Kind is not ('s' or 'r'))
            {
                int sign = written.Chars[0] is '-' or '+' ? 1 : 0;
                output.Append(written, 0, sign);
                output.AppendClient(new string('0', missing));
                output.Append(written, sign, written.Chars.Length - sign);
                return;
            }

            output.AppendClient(IsLeft ? "" : new string(' ', missing));
            output.Append(written);
            output.AppendClient(IsLeft ? new string(' ', missing) : "");
        }

        private Text Write(Interpreter run, Value value)
        {
            if (Kind is 's' or 'r')
            {
                Text text = Kind == 's' ? Printing.ToText(run, value) : Represented(run, value);
                return Precision is { } most && most < text.CountCharacters()
                    ? text.Slice(0, text.CharacterStarts()[most])
                    : text;
            }

            if (Operators.Real(value) is not { } real)
            {
                throw new RenderFault($"%{ShownKind} format: a real number is required, not {value.TypeName}");
            }

            string digits = Kind switch
            {
                'f' or 'F' => real.ToString($"F{Precision ?? 6}", CultureInfo.InvariantCulture),
                'd' or 'i' when double.IsFinite(real) =>
                    PrintInteger(Operators.Integral(value) ?? new BigInteger(real)),
                _ => throw new RenderFault($"unsupported format character '{ShownKind}'"),
            };
            return Text.Client(HasSign && digits[0] != '-' ? $"+{digits}" : digits);
        }

        private string ShownKind => PythonText.Shown(Kind.ToString());

        private static string PrintInteger(BigInteger number) => number.ToString(CultureInfo.InvariantCulture);

        private static Text Represented(Interpreter run, Value value)
        {
            TextBuilder output = run.NewText();
            Printing.Represent(run, output, value);
            return output.ToText();
        }

        private static int ReadNumber(string format, ref int at)
        {
            int number = 0;
            while (at < format.Length && char.IsAsciiDigit(format[at]))
            {
                number = Math.Min(Widest, (number * 10) + (format[at++] - '0'));
            }

            return number;
        }
    }
}
