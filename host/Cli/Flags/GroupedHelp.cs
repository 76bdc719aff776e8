using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Glm5.Host.Cli.Flags;

/// <summary>
/// The standard help, and for a command with groups of flags a page with one section for each; below it a closing note.
/// </summary>
/// <param name="standard">The library's own.</param>
/// <param name="closing">What stands below a command's page; empty for nothing.</param>
internal sealed class GroupedHelp(HelpAction standard, Func<Command, string> closing) : SynchronousCommandLineAction
{
    private const int WidthOfFiles = 120;
    private const int Narrowest = 60;
    private const int Margin = 2;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        Command command = parseResult.CommandResult.Command;
        TextWriter output = parseResult.InvocationConfiguration.Output;
        if (command is LayeredCommand layered)
            Write(layered, output);
        else
            standard.Invoke(parseResult);
        output.Write(closing(command));
        return ExitCode.Done;
    }

    private static void Write(LayeredCommand command, TextWriter output)
    {
        int width = Console.IsOutputRedirected ? WidthOfFiles : Math.Max(Narrowest, Console.WindowWidth - 1);
        (string Left, string Right)[] arguments = [.. command.Arguments.Select(a => ($"<{a.Name}>", a.Description ?? ""))];
        (string Title, (string Left, string Right)[] Rows)[] sections =
            [("The model's name", arguments), .. command.Groups.Select(g => (g.Title, g.Options.Select(Row).ToArray()))];
        int left = sections.SelectMany(section => section.Rows).Max(row => row.Left.Length) + (2 * Margin);
        output.WriteLine($"{command.Description}.");
        output.WriteLine();
        output.WriteLine($"Usage: glm5 {command.Name} [<model>] [flags]");
        foreach ((string title, (string Left, string Right)[] rows) in sections)
        {
            output.WriteLine();
            output.WriteLine($"{title}:");
            foreach ((string name, string text) in rows)
                WriteRow(output, $"{new string(' ', Margin)}{name}".PadRight(left), text, width);
        }

        output.WriteLine();
    }

    private static (string Left, string Right) Row(Option option)
    {
        string value = option.ValueType == typeof(bool) ? "" : $" <{option.HelpName ?? "word"}>";
        string names = string.Join(", ", (IEnumerable<string>)[.. option.Aliases.Order(), option.Name]);
        string text = option.Description ?? "";
        bool showsDefault = option.HasDefaultValue && option.ValueType != typeof(bool);
        return (names + value, showsDefault ? $"{text} [default: {option.GetDefaultValue()}]" : text);
    }

    /// <summary>A name and its text, which is broken at spaces and goes on under itself.</summary>
    private static void WriteRow(TextWriter output, string name, string text, int width)
    {
        output.Write(name);
        int column = name.Length;
        foreach (string word in text.Split(' '))
        {
            if (column > name.Length && column + 1 + word.Length > width)
            {
                output.WriteLine();
                output.Write(new string(' ', name.Length));
                column = name.Length;
            }

            string piece = column > name.Length ? $" {word}" : word;
            output.Write(piece);
            column += piece.Length;
        }

        output.WriteLine();
    }
}
