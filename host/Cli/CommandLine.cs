using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Glm5.Host.Serving;
using Spectre.Console;

namespace Glm5.Host.Cli;

/// <summary>
/// The program's words: <c>serve</c>, <c>chat</c>, <c>pull</c>, <c>parse</c>, <c>probe</c>, and what stands for <c>serve</c> without saying so.
/// </summary>
internal static class CommandLine
{
    private const string Examples = $"""

        Examples:
          glm5                                   serve the embedded model {EmbeddedModel.Name} on http://127.0.0.1:8000
          glm5 /models/GLM-5-FP8                 serve a checkpoint's folder
          glm5 serve /models/GLM-5-FP8 --host 0.0.0.0 --port 8080 --api-key $KEY --served-model-name glm-5
          glm5 chat                              talk to the embedded model in this terminal
          echo "What is 50 + 26?" | glm5 chat    one question, the answer alone
          glm5 probe                             which device is used, and why no other

        Ends with: {ExitCode.Listing}

        """;

    /// <summary>Lines in a file are not broken to fit a screen.</summary>
    private const int WidthOfFiles = 400;

    private static readonly string[] s_commands = ["serve", "chat", "pull", "parse", "probe"];

    /// <summary>Runs the program and returns its exit code.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = WidthOfFiles;
        string[] words = PlaceServe(args);
        if (!words[0].StartsWith('-') && !words[0].StartsWith('[') && !s_commands.Contains(words[0]))
        {
            return Say.Error(
                $"'{words[0]}' is neither a command ({string.Join(", ", s_commands)}) nor a folder with a model",
                ExitCode.Usage);
        }

        ParseResult parsed = Build().Parse(words);
        if (parsed.Errors.Count > 0)
        {
            foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
                Console.Error.WriteLine($"error: {error.Message}");
            Console.Error.WriteLine(
                $"'glm5 {(s_commands.Contains(words[0]) ? words[0] + " " : "")}--help' lists what is accepted");
            return ExitCode.Usage;
        }

        // Signals are the commands' business: serving drains before it ends.
        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    /// <summary>
    /// The command that a line without one means: none at all, options alone, or a folder mean serve.
    /// </summary>
    internal static string[] PlaceServe(string[] args)
    {
        if (args.Length == 0)
            return ["serve"];
        string first = args[0];
        bool isRoot = s_commands.Contains(first) || first is "--help" or "-h" or "-?" or "--version"
            || first.StartsWith('[');
        if (isRoot)
            return args;
        return first.StartsWith('-') || first == EmbeddedModel.Name || Directory.Exists(first) || LooksLikePath(first)
            ? ["serve", .. args]
            : args;
    }

    private static bool LooksLikePath(string word) =>
        word.Contains(Path.DirectorySeparatorChar) || word.StartsWith('.');

    internal static RootCommand Build()
    {
        var root = new RootCommand(
            "Serves GLM-5 over the OpenAI API. Without a command it serves; without a model, the embedded one.");
        root.Add(ServeCommand.Create());
        root.Add(ChatCommand.Create());
        root.Add(PullCommand.Create());
        root.Add(ParseCommand.Create());
        root.Add(ProbeCommand.Create());
        foreach (Option option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction standard } help)
                help.Action = new HelpWithExamples(standard);
        }

        return root;
    }

    /// <summary>The standard help, and on the program's own page the examples below it.</summary>
    private sealed class HelpWithExamples(HelpAction standard) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            int code = standard.Invoke(parseResult);
            if (parseResult.CommandResult.Command is RootCommand)
                parseResult.InvocationConfiguration.Output.WriteLine(Examples);
            return code;
        }
    }
}
