using System.CommandLine;

namespace Glm5.Host.Cli;

/// <summary><c>glm5 completion</c>: what a shell reads to complete the program's words, which it then asks for.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _glm5() {
            local IFS=$'\n'
            local current="${COMP_WORDS[COMP_CWORD]}"
            COMPREPLY=($(compgen -W "$(glm5 "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "$current"))
        }
        complete -o default -F _glm5 glm5
        """;

    private const string Zsh = """
        #compdef glm5
        _glm5() {
            local -a found
            found=("${(@f)$(glm5 "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            found=(${found:#})
            if (( $#found )); then
                compadd -a found
            else
                _files
            fi
        }
        compdef _glm5 glm5
        """;

    private const string Fish = """
        complete -c glm5 -a '(glm5 "[suggest:"(commandline -C)"]" (commandline -cp) 2>/dev/null)'
        """;

    /// <summary>
    /// What a shell asks, with <c>serve</c> put in where the line means it without saying so:
    /// <c>glm5 --po</c> is <c>glm5 serve --po</c>.
    /// </summary>
    /// <param name="words">The directive with the cursor's position, and the line so far.</param>
    /// <param name="commands">Names of commands.</param>
    public static string[] PlaceServe(string[] words, string[] commands)
    {
        const string Serve = "serve ";
        if (words is not [['[', 's', 'u', 'g', 'g', 'e', 's', 't', ':', ..] directive, var line]
            || !int.TryParse(directive[(directive.IndexOf(':', StringComparison.Ordinal) + 1)..^1], out int cursor))
        {
            return words;
        }

        int first = line.IndexOf(' ', StringComparison.Ordinal) + 1;
        string rest = line[first..];
        int end = rest.IndexOf(' ', StringComparison.Ordinal);
        bool isSaid = first == 0 || (end < 0 && !rest.StartsWith('-')) || commands.Contains(end < 0 ? rest : rest[..end]);
        return isSaid ? words : [$"[suggest:{cursor + Serve.Length}]", line.Insert(first, Serve)];
    }

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = "The shell that reads it" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command(
            "completion", "Print what a shell needs to complete the words: source <(glm5 completion bash)") { shell };
        command.SetAction(line =>
        {
            Console.Out.WriteLine(line.GetValue(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish });
            return ExitCode.Done;
        });
        return command;
    }
}
