using System.CommandLine.Parsing;

namespace Glm5.Host.Cli.Flags;

/// <summary>
/// The flags of one run, whatever they were written in: line before environment before file before default.
/// </summary>
internal sealed class EffectiveFlags
{
    /// <summary>The flag that names the file.</summary>
    public const string Config = "--config";

    private static readonly string[] s_lineOnly = [Config, "--print-config", "--json", "--help"];

    private readonly IReadOnlyDictionary<string, Given> _given;
    private readonly List<string> _rest;

    private EffectiveFlags(
        IReadOnlyDictionary<string, Given> given, List<string> rest, List<FlagNote> notes, List<string> errors) =>
        (_given, _rest, Notes, Errors) = (given, rest, notes, errors);

    /// <summary>None at all.</summary>
    public static EffectiveFlags None { get; } = new(new Dictionary<string, Given>(), [], [], []);

    /// <summary>What has to be told at start.</summary>
    public IReadOnlyList<FlagNote> Notes { get; }

    /// <summary>What is wrong, a sentence each.</summary>
    public IReadOnlyList<string> Errors { get; }

    /// <summary>Reads the words behind a command, the variables, and the file that either of them names.</summary>
    public static EffectiveFlags Read(
        LayeredCommand command, string[] words, IEnumerable<KeyValuePair<string, string>> variables)
    {
        var vocabulary = new Vocabulary(command);
        var flags = new FlagTranslation(vocabulary);
        List<FlagNote> notes = [];
        List<string> rest = [];
        try
        {
            FlagWords line = FlagWords.Cut(vocabulary, words);
            foreach (Written written in line.Flags)
                flags.Take(written);
            rest = line.Rest;
            if (rest.Count > 0)
                flags.Give(new Given(Given.Model, [rest[0]], new Written(Layer.Line, Given.Model, [rest[0]], Given.Model)));
            TakeVariables(vocabulary, flags, notes, variables);
            if (flags.Prevailing.TryGetValue(Config, out Given? file))
                TakeFile(flags, ConfigFile.Read(file.Values[0]));
        }
        catch (FlagException exception)
        {
            flags.Errors.Add(exception.Message);
        }

        IEnumerable<FlagNote> told = command.NamesStrayVariables ? notes.Concat(flags.Notes) : flags.Notes;
        return new EffectiveFlags(flags.Prevailing, rest, [.. told], flags.Errors);
    }

    /// <summary>Where one of our flags has its value from; null when it has its default.</summary>
    public Given? Of(string flag) => _given.GetValueOrDefault(flag);

    /// <summary>The words of the command in our own spelling.</summary>
    public string[] Words()
    {
        List<string> words = [];
        foreach (Given given in _given.Values.Where(given => given.Flag != Given.Model))
        {
            foreach (string value in given.Values)
            {
                // Joined, a value may begin with a dash; apart, it may be empty.
                if (value.Length > 0)
                    words.Add($"{given.Flag}={value}");
                else
                    words.AddRange([given.Flag, value]);
            }
        }

        if (Of(Given.Model) is { } model)
            words.AddRange(["--", model.Values[0], .. _rest.Skip(1)]);
        return [.. words];
    }

    /// <summary>An error of parsing, with where the value was written unless that is what the message calls it.</summary>
    public string Describe(ParseError error)
    {
        string? flag = error.SymbolResult switch
        {
            OptionResult option => option.Option.Name,
            ArgumentResult => Given.Model,
            _ => null,
        };
        return flag is not null && Of(flag) is { From.Spelling: var spelling } && spelling != flag
            ? $"{error.Message} (given as {spelling})"
            : error.Message;
    }

    private static void TakeVariables(
        Vocabulary vocabulary, FlagTranslation flags, List<FlagNote> notes,
        IEnumerable<KeyValuePair<string, string>> variables)
    {
        foreach (Written written in EnvironmentFlags.Read(vocabulary, variables))
        {
            // The environment is not ours alone: what is unknown there is told, not refused.
            if (vocabulary.Find(written.Key) is null || (written.Key != Config && s_lineOnly.Contains(written.Key)))
                notes.Add(new FlagNote(written.Spelling, NotAVariable(vocabulary, written.Key), HasEffect: false));
            else
                flags.Take(written);
        }
    }

    private static string NotAVariable(Vocabulary vocabulary, string key) => vocabulary.Nearest(key) is { } near
        ? $"there is no such variable; did you mean {EnvironmentFlags.NameOf(near)}?"
        : "there is no such variable";

    private static void TakeFile(FlagTranslation flags, IReadOnlyList<Written> file)
    {
        foreach (Written written in file)
        {
            if (s_lineOnly.Contains(written.Key))
                flags.Errors.Add($"{written.Spelling} belongs on the command line");
            else
                flags.Take(written);
        }
    }
}
