using System.Text;

namespace Glm5.Core.Chat.Jinja;

/// <summary>Filters that make a text of a text.</summary>
internal static class TextFilters
{
    /// <summary>Columns; more than any template indents by.</summary>
    public const int WidestIndent = 1000;

    /// <summary>Jinja's own title: words begin after white space, hyphens and opening brackets.</summary>
    public static Value Title(Interpreter run, Value value, Arguments arguments)
    {
        Text text = Printing.ToText(run, value);
        StringBuilder titled = new(text.Chars.ToLowerInvariant());
        bool begins = true;
        for (int i = 0; i < titled.Length; i++)
        {
            char c = text.Chars[i];
            if (begins)
            {
                titled[i] = char.ToUpperInvariant(c);
            }

            begins = PythonText.IsSpace(c) || c is '-' or '(' or '{' or '[' or '<';
        }

        return text.WithChars(titled.ToString());
    }

    public static Value Replace(Interpreter run, Value value, Arguments arguments) => StringMethods.Replace(
        run, Printing.ToText(run, value), Printing.ToText(run, arguments.Required(0)),
        Printing.ToText(run, arguments.Required(1)), arguments.Integer(2, -1));

    /// <summary>Indents each line but the first and the empty ones, unless told otherwise.</summary>
    public static Value Indent(Interpreter run, Value value, Arguments arguments)
    {
        Text indent = arguments[0] as Text
            ?? Text.Client(new string(' ', Math.Clamp(arguments.Integer(0, 4), 0, WidestIndent)));
        bool first = arguments.Flag(1, false);
        bool blank = arguments.Flag(2, false);
        if (value is not Text text)
        {
            throw value is Undefined undefined
                ? undefined.Fault()
                : new RenderFault($"indent needs a string, not '{value.TypeName}'");
        }

        List<Text> lines = Splitting.Lines(run, text, keepEnds: false);
        if (lines.Count == 0 || (text.Chars.Length > 0 && PythonText.IsLineBreak(text.Chars[^1])))
        {
            lines.Add(Text.Empty);
        }

        TextBuilder indented = run.NewText();
        for (int i = 0; i < lines.Count; i++)
        {
            if (i > 0)
            {
                indented.AppendClient("\n");
            }

            bool indents = i == 0 ? first : blank || lines[i].Chars.Length > 0;
            indented.Append(indents ? indent : Text.Empty);
            indented.Append(lines[i]);
        }

        return run.Charged(indented.ToText());
    }

    public static Value Escape(Interpreter run, Value value, Arguments arguments)
    {
        Text text = Printing.ToText(run, value);
        TextBuilder escaped = run.NewText();
        int plain = 0;
        for (int i = 0; i < text.Chars.Length; i++)
        {
            string? entity = text.Chars[i] switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&#34;",
                '\'' => "&#39;",
                _ => null,
            };
            if (entity is not null)
            {
                escaped.Append(text, plain, i - plain);
                escaped.AppendFor(text, i, entity);
                plain = i + 1;
            }
        }

        escaped.Append(text, plain, text.Chars.Length - plain);
        return run.Charged(escaped.ToText());
    }
}
