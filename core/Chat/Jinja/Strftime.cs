using System.Globalization;

namespace Glm5.Core.Chat.Jinja;

/// <summary>Python's strftime in the C locale, for the directives that date lines use.</summary>
internal static class Strftime
{
    public static Text Format(Interpreter run, Text format, DateTimeOffset time)
    {
        TextBuilder formatted = run.NewText();
        string chars = format.Chars;
        int plain = 0;
        int at = chars.IndexOf('%', StringComparison.Ordinal);
        while (at >= 0 && at + 1 < chars.Length)
        {
            bool isBare = chars[at + 1] == '-' && at + 2 < chars.Length;
            int length = isBare ? 3 : 2;
            string value = Directive(chars[at + length - 1], time);
            formatted.Append(format, plain, at - plain);
            formatted.AppendFor(format, at, isBare && value.TrimStart('0').Length > 0 ? value.TrimStart('0') : value);
            plain = at + length;
            at = chars.IndexOf('%', plain);
        }

        formatted.Append(format, plain, chars.Length - plain);
        return formatted.ToText();
    }

    private static string Directive(char directive, DateTimeOffset time)
    {
        string? standard = directive switch
        {
            'a' => "ddd",
            'A' => "dddd",
            'b' or 'h' => "MMM",
            'B' => "MMMM",
            'd' => "dd",
            'm' => "MM",
            'y' => "yy",
            'Y' => "yyyy",
            'H' => "HH",
            'I' => "hh",
            'M' => "mm",
            'S' => "ss",
            'p' => "tt",
            'F' => "yyyy-MM-dd",
            'D' or 'x' => "MM'/'dd'/'yy",
            'T' or 'X' => "HH:mm:ss",
            'R' => "HH:mm",
            'f' => "ffffff",
            _ => null,
        };
        if (standard is not null)
        {
            return time.ToString(standard, CultureInfo.InvariantCulture);
        }

        return directive switch
        {
            'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
            'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            '%' => "%",
            'n' => "\n",
            't' => "\t",
            _ => throw new RenderFault($"strftime_now does not know %{PythonText.Shown(directive.ToString())}"),
        };
    }
}
