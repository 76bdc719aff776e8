using System.CommandLine;
using System.Text;
using System.Text.Json;
using Spectre.Console;

namespace Glm5.Host.Cli.Flags;

/// <summary><c>--print-config</c>: every flag with its value and where that is from. Keys are never shown.</summary>
internal static class ConfigPrint
{
    private const string Secret = "--api-key";
    private const string Hidden = "***";
    private const string DefaultMark = "[default: ";

    /// <summary>As a table for people.</summary>
    public static void Draw(LayeredCommand command, ParseResult line, string model)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("flag", "value", "source");
        table.AddRow(new Text(Given.Model), new Text(model), new Text(SourceOf(command, Given.Model)));
        foreach (Option option in Shown(command))
        {
            string source = SourceOf(command, option.Name);
            var style = new Style(decoration: command.Flags.Of(option.Name) is null ? Decoration.Dim : Decoration.Bold);
            table.AddRow(
                new Text(option.Name, style), new Text(Words(option, line), style), new Text(source, style));
        }

        AnsiConsole.Write(table);
        foreach (FlagNote note in command.Flags.Notes)
            Console.Out.WriteLine($"{note.Spelling}: {(note.HasEffect ? "" : "without effect here, ")}{note.Reason}");
    }

    /// <summary>
    /// As JSON for programs: <c>{"port": {"value": 8000, "source": "default"}}</c>; null where the model or the device
    /// decides.
    /// </summary>
    public static string Json(LayeredCommand command, ParseResult line, string model)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteStartObject(Given.Model);
            json.WriteString("value", model);
            json.WriteString("source", SourceOf(command, Given.Model));
            json.WriteEndObject();
            foreach (Option option in Shown(command))
            {
                json.WriteStartObject(option.Name.TrimStart('-'));
                json.WritePropertyName("value");
                WriteValue(json, option, line);
                json.WriteString("source", SourceOf(command, option.Name));
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static IEnumerable<Option> Shown(LayeredCommand command) =>
        command.Groups.SelectMany(group => group.Options).Where(option => option.Name is not ("--print-config" or "--json"));

    private static string SourceOf(LayeredCommand command, string flag) => command.Flags.Of(flag) switch
    {
        null => "default",
        { From.Layer: Layer.Line, From.Spelling: var spelling } when spelling == flag => "command line",
        { From.Layer: Layer.Line, From.Spelling: var spelling } => $"command line, {spelling}",
        { From.Spelling: var spelling } => spelling,
    };

    private static string Words(Option option, ParseResult line)
    {
        if (option.Name == Secret)
            return string.Join(' ', (line.GetValue((Option<string[]>)option) ?? []).Select(_ => Hidden));
        bool isGiven = line.GetResult(option) is { Implicit: false };
        if (!isGiven && !option.HasDefaultValue && option.ValueType != typeof(bool))
            return DefaultOf(option);
        return option switch
        {
            Option<int> number => $"{line.GetValue(number)}",
            Option<long> number => $"{line.GetValue(number)}",
            Option<double> number => $"{line.GetValue(number)}",
            Option<bool> isOn => line.GetValue(isOn) ? "on" : "off",
            Option<string[]> words => string.Join(' ', line.GetValue(words) ?? []),
            _ => line.GetValue((Option<string>)option) ?? "",
        };
    }

    /// <summary>What the help says of a default that is not a value: <c>the model's own</c>.</summary>
    private static string DefaultOf(Option option)
    {
        string text = option.Description ?? "";
        int from = text.IndexOf(DefaultMark, StringComparison.Ordinal);
        return from < 0 ? "" : text[(from + DefaultMark.Length)..].TrimEnd(']');
    }

    private static void WriteValue(Utf8JsonWriter json, Option option, ParseResult line)
    {
        bool isGiven = line.GetResult(option) is { Implicit: false };
        if (!isGiven && !option.HasDefaultValue && option.ValueType != typeof(bool))
        {
            json.WriteNullValue();
            return;
        }

        switch (option)
        {
            case Option<int> number:
                json.WriteNumberValue(line.GetValue(number));
                break;
            case Option<long> number:
                json.WriteNumberValue(line.GetValue(number));
                break;
            case Option<double> number:
                json.WriteNumberValue(line.GetValue(number));
                break;
            case Option<bool> isOn:
                json.WriteBooleanValue(line.GetValue(isOn));
                break;
            case Option<string[]> words:
                json.WriteStartArray();
                foreach (string word in line.GetValue(words) ?? [])
                    json.WriteStringValue(option.Name == Secret ? Hidden : word);
                json.WriteEndArray();
                break;
            default:
                json.WriteStringValue(line.GetValue((Option<string>)option));
                break;
        }
    }
}
