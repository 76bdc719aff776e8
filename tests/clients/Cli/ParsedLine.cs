using System.CommandLine;
using Glm5.Host.Cli;
using Glm5.Host.Cli.Flags;

namespace Glm5.Tests.Clients.Cli;

/// <summary>A line as the program understands it, with nothing in the environment unless it is said.</summary>
internal sealed class ParsedLine
{
    private readonly ParseResult _line;

    private ParsedLine(string[] words, (string Name, string Value)[] variables)
    {
        RootCommand root = CommandLine.Build();
        (_line, Errors) = CommandLine.Parse(
            root, CommandLine.PlaceServe(words), variables.Select(v => KeyValuePair.Create(v.Name, v.Value)));
        Command = (LayeredCommand)_line.CommandResult.Command;
    }

    /// <summary>What is wrong with it.</summary>
    public IReadOnlyList<string> Errors { get; }

    /// <summary>Its command, with what was given to it.</summary>
    public LayeredCommand Command { get; }

    /// <summary>What is told at start.</summary>
    public IReadOnlyList<FlagNote> Notes => Command.Flags.Notes;

    /// <summary>The parse.</summary>
    public ParseResult Line => _line;

    /// <summary>A line that has to be right.</summary>
    public static ParsedLine Of(string words, params (string Name, string Value)[] variables)
    {
        ParsedLine line = new(Split(words), variables);
        Assert.AreEqual("", string.Join('\n', line.Errors));
        return line;
    }

    /// <summary>The errors of a line that has to be wrong.</summary>
    public static string ErrorsOf(string words, params (string Name, string Value)[] variables)
    {
        ParsedLine line = new(Split(words), variables);
        Assert.IsNotEmpty(line.Errors, words);
        return string.Join('\n', line.Errors);
    }

    /// <summary>The value of one of our flags.</summary>
    public T? Value<T>(string flag) => _line.GetValue<T>(flag);

    /// <summary>Where a flag has its value from.</summary>
    public string? From(string flag) => Command.Flags.Of(flag)?.From.Spelling;

    /// <summary>Words as a shell cuts them; single quotes hold spaces.</summary>
    private static string[] Split(string line) =>
        [.. line.Split('\'').SelectMany((part, i) =>
            i % 2 == 1 ? [part] : part.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries))];
}
