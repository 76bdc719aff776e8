using System.Collections;
using System.CommandLine;
using System.CommandLine.Help;
using Glm5.Host.Cli.Flags;
using Glm5.Host.Serving;
using Spectre.Console;

namespace Glm5.Host.Cli;

/// <summary>
/// The program's words: <c>serve</c>, <c>chat</c>, <c>pull</c>, <c>plan</c>, <c>simulate</c>, <c>parse</c>, <c>probe</c>,
/// <c>verify</c>, <c>bench</c>, <c>ranktable</c>, <c>keys</c>, and what stands for <c>serve</c> without saying so.
/// </summary>
internal static class CommandLine
{
    private const string Examples = $"""

        Examples:
          glm5                                   serve the embedded model {EmbeddedModel.Name} on http://127.0.0.1:8000
          glm5 /models/GLM-5-FP8                 serve a checkpoint's folder
          glm5 zai-org/GLM-5-FP8                 serve a model by name; it is fetched if it is not here
          glm5 serve /models/GLM-5-FP8 --host 0.0.0.0 --port 8080 --api-key $KEY --served-model-name glm-5
          glm5 chat                              talk to the embedded model in this terminal
          echo "What is 50 + 26?" | glm5 chat    one question, the answer alone
          glm5 probe                             which device is used, and why no other
          glm5 plan --device sim:h200x8          what fits where, before anything is loaded
          glm5 simulate --device sim:h200x8      what GLM-5 would do there under load
          glm5 verify --device ascend            hold a device against the oracle before serving on it
          glm5 keys add alice --file keys.json   a key for whom glm5 serve --api-key-file keys.json shall answer

        Ends with: {ExitCode.Listing}

        """;

    private const string Layers = """
        Flags of vLLM, SGLang and xLLM are understood; those without effect are named at start. Each flag can also be a
        variable: GLM5_PORT is --port, GLM5_MODEL the model.

        """;

    /// <summary>Lines in a file are not broken to fit a screen.</summary>
    private const int WidthOfFiles = 400;

    private static readonly string[] s_commands =
        ["serve", "chat", "pull", "plan", "simulate", "parse", "probe", "verify", "bench", "ranktable", "keys", "completion", "worker"];

    /// <summary>A word is what it says: no @file, no several short flags in one.</summary>
    private static readonly ParserConfiguration s_plain =
        new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    /// <summary>Runs the program and returns its exit code.</summary>
    public static Task<int> RunAsync(string[] args) => RunAsync(
        args, Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value ?? "")));

    /// <summary>The same with given variables.</summary>
    internal static async Task<int> RunAsync(string[] args, IEnumerable<KeyValuePair<string, string>> variables)
    {
        if (Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = WidthOfFiles;
        string[] words = CompletionCommand.PlaceServe(PlaceServe(args), s_commands);
        if (!words[0].StartsWith('-') && !words[0].StartsWith('[') && !s_commands.Contains(words[0]))
        {
            return Say.Error(
                $"'{words[0]}' is neither a command ({string.Join(", ", s_commands)}) nor a model: a folder, or organisation/name",
                ExitCode.Usage);
        }

        (ParseResult parsed, IReadOnlyList<string> errors) = Parse(Build(), words, variables);
        if (errors.Count > 0)
        {
            foreach (string error in errors)
                Console.Error.WriteLine($"error: {error}");
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

    /// <summary>Parses a line whose flags may be of any layer and spelling; errors are sentences.</summary>
    internal static (ParseResult Line, IReadOnlyList<string> Errors) Parse(
        RootCommand root, string[] words, IEnumerable<KeyValuePair<string, string>> variables)
    {
        EffectiveFlags flags = EffectiveFlags.None;
        if (root.Subcommands.FirstOrDefault(command => command.Name == words[0]) is LayeredCommand layered)
        {
            // Help needs no right line.
            if (words.Any(word => word is "--help" or "-h" or "-?"))
                return (root.Parse([words[0], "--help"], s_plain), []);
            layered.Flags = flags = EffectiveFlags.Read(layered, words[1..], variables);
            words = [words[0], .. flags.Words()];
        }

        ParseResult parsed = root.Parse(words, s_plain);
        return (parsed, flags.Errors.Count > 0 ? flags.Errors : [.. parsed.Errors.Select(flags.Describe)]);
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
        root.Add(PlanCommand.Create());
        root.Add(SimulateCommand.Create());
        root.Add(ParseCommand.Create());
        root.Add(ProbeCommand.Create());
        root.Add(VerifyCommand.Create());
        root.Add(BenchCommand.Create());
        root.Add(RankTableCommand.Create());
        root.Add(KeysCommand.Create());
        root.Add(CompletionCommand.Create());
        root.Add(WorkerCommand.Create());
        foreach (Option option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction standard } help)
                help.Action = new GroupedHelp(standard, Closing);
        }

        return root;
    }

    private static string Closing(Command command) => command switch
    {
        RootCommand => Examples,
        LayeredCommand => Layers,
        _ => "",
    };
}
