using System.Collections.Immutable;
using System.Text.Json;

namespace Glm5.Host.Cli.Flags;

/// <summary>A flag that was accepted and of which something has to be told: that it changes nothing, or what differs.</summary>
/// <param name="Spelling">As it was written.</param>
/// <param name="Reason">Why, or what.</param>
/// <param name="HasEffect">False where it changes nothing.</param>
internal readonly record struct FlagNote(string Spelling, string Reason, bool HasEffect);

/// <summary>
/// From flags as they are written to our own: spellings are looked up, values mapped, contradictions found. Errors are
/// collected, so that a person sees all of them at once.
/// </summary>
internal sealed class FlagTranslation(Vocabulary vocabulary)
{
    private readonly Dictionary<(Layer Layer, string Flag), Given> _given = [];
    private readonly List<FlagNote> _notes = [];

    /// <summary>What is wrong, a sentence each.</summary>
    public List<string> Errors { get; } = [];

    /// <summary>What has to be told at start; one for each spelling.</summary>
    public IReadOnlyList<FlagNote> Notes => _notes;

    /// <summary>For each of our flags what prevails.</summary>
    public IReadOnlyDictionary<string, Given> Prevailing =>
        _given.Values.GroupBy(given => given.Flag).ToDictionary(
            same => same.Key, same => same.MaxBy(given => given.From.Layer)!, StringComparer.Ordinal);

    /// <summary>Takes one more.</summary>
    public void Take(Written written)
    {
        if (Aliases.Objects.Contains(written.Key))
            TakeFields(written);
        else if (vocabulary.Find(written.Key) is not { } known)
            Errors.Add($"{written.Spelling} is not known{Suggestion(written.Key)}");
        else if (!known.IsList && written.Values.Length > 1)
            Errors.Add($"{written.Spelling} takes one value, not {written.Values.Length}");
        else if (known.Own is { } own)
            TakeOwn(own, known.Takes, written);
        else
            TakeAlias(known, written);
    }

    /// <summary>Gives one of our flags a value.</summary>
    public void Give(Given given)
    {
        (Layer, string) key = (given.From.Layer, given.Flag);
        if (!_given.TryGetValue(key, out Given? earlier) || earlier.Values.SequenceEqual(given.Values))
            _given[key] = given;
        else if (vocabulary.Find(given.Flag) is { IsList: true } && earlier.From.Key == given.From.Key)
            _given[key] = given with { Values = [.. earlier.Values, .. given.Values] };
        else
            Errors.Add(Contradiction(earlier, given));
    }

    private static string Contradiction(Given earlier, Given later)
    {
        string both = $"{earlier.From.Words} and {later.From.Words} contradict each other";
        return earlier.From.Key == later.From.Key
            ? $"{both}; give one"
            : $"{both}: they mean {earlier.Flag} {string.Join(' ', earlier.Values)} and "
                + $"{string.Join(' ', later.Values)}; give one";
    }

    private void TakeOwn(string own, Takes takes, Written written)
    {
        if (takes != Takes.Switch)
            Give(new Given(own, written.Values, written));
        else if (SwitchOf(written) is { } on)
            Give(new Given(own, [FlagSwitch.Word(on)], written));
    }

    private void TakeAlias(Known known, Written written)
    {
        Alias alias = known.Alias!;
        string value = string.Join(' ', written.Values);
        if (known.Takes == Takes.Switch)
        {
            if (SwitchOf(written) is not { } on)
                return;
            value = FlagSwitch.Word(on != known.Negated);
        }

        Meaning meaning = alias.Read(value);
        if (meaning.Expected is { } expected)
            Errors.Add($"{written.Spelling}{(known.Takes == Takes.Switch ? "" : $" is '{value}'")}; expected {expected}");
        if (meaning.Flag is { } flag)
            Give(new Given(flag, SplitFor(flag, meaning.Value!, written), written));
        if ((meaning.NoEffect ?? meaning.Remark) is { } reason && !_notes.Any(note => note.Spelling == written.Spelling))
            _notes.Add(new FlagNote(written.Spelling, reason, meaning.NoEffect is null));
    }

    /// <summary>Several names stay several where our flag takes several.</summary>
    private ImmutableArray<string> SplitFor(string flag, string value, Written written) =>
        vocabulary.Find(flag) is { IsList: true } ? written.Values : [value];

    private string Suggestion(string key) => vocabulary.Nearest(key) is { } near ? $"; did you mean {near}?" : "";

    private bool? SwitchOf(Written written)
    {
        if (written.Values.IsEmpty)
            return true;
        bool? on = written.Values[0] switch { "1" => true, "0" => false, var word => FlagSwitch.Read(word) };
        if (on is null)
            Errors.Add($"{written.Spelling} is '{written.Values[0]}'; expected true or false, or the flag alone");
        return on;
    }

    /// <summary><c>--speculative-config '{"method": "mtp"}'</c> is <c>--speculative-config.method mtp</c>.</summary>
    private void TakeFields(Written written)
    {
        string text = string.Join(' ', written.Values);
        try
        {
            using JsonDocument json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 8 });
            foreach (JsonProperty field in json.RootElement.EnumerateObject())
            {
                string name = written.Key == "-sc" ? "--speculative-config" : written.Key;
                string value = field.Value.ValueKind == JsonValueKind.String
                    ? field.Value.GetString()!
                    : field.Value.GetRawText();
                Take(new Written(
                    written.Layer, Vocabulary.Key($"{name}.{field.Name}"), [value], $"{written.Spelling}.{field.Name}"));
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            Errors.Add($"{written.Spelling} is '{text}'; expected a JSON object such as {{\"method\": \"mtp\"}}");
        }
    }
}
