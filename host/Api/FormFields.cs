using System.Text.Json;
using Glm5.Core.Constrained;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>
/// Reads the form that an answer must have, as the APIs spell it: OpenAI's response_format, vLLM's structured_outputs and
/// the older guided_json, guided_regex and guided_choice, SGLang's regex.
/// </summary>
internal static class FormFields
{
    private const int LongestSource = 256 << 10;
    private const int MostChoices = 10_000;

    /// <summary>The form at the top of a request for a chat or a completion; null when any will do.</summary>
    /// <exception cref="ApiException">It is not well formed, not implemented, or there is more than one.</exception>
    public static AnswerForm? Read(RequestFields fields, ReadyModel ready)
    {
        var wanted = new List<Wanted>();
        if (fields.Nested("response_format") is { } format)
            AddFormat(format, wanted);
        if (fields.Nested("structured_outputs") is { } outputs)
        {
            AddGuided(outputs, "json", "regex", "choice", wanted);
            if (outputs.Flag("json_object") == true)
                wanted.Add(Wanted.Object(outputs.PathOf("json_object")));
            outputs.RequireAllRead(UnimplementedFields.OfStructuredOutputs);
        }

        AddGuided(fields, "guided_json", "guided_regex", "guided_choice", wanted);
        if (fields.Text("regex") is { } pattern)
            wanted.Add(Wanted.Pattern("regex", pattern));
        if (wanted.Count > 1)
        {
            throw ApiException.Invalid(
                wanted[1].Field, $"{wanted[0].Field} and {wanted[1].Field} both give the answer a form; send one of them");
        }

        return wanted.Count == 0 ? null : Compile(wanted[0], ready);
    }

    /// <summary>The form of another API's format, whose schema stands beside its type.</summary>
    public static AnswerForm? ReadFormat(RequestFields? format, ReadyModel ready)
    {
        var wanted = new List<Wanted>();
        if (format is not null)
            AddFormat(format, wanted);
        return wanted.Count == 0 ? null : Compile(wanted[0], ready);
    }

    private static void AddFormat(RequestFields format, List<Wanted> wanted)
    {
        string type = format.RequiredText("type");
        switch (type)
        {
            case "text":
                break;
            case "json_object":
                wanted.Add(Wanted.Object(format.PathOf("type")));
                break;
            case "json_schema":
                RequestFields place = format.Nested("json_schema") ?? format;
                wanted.Add(Wanted.Schema(place.PathOf("schema"), place.Required("schema", "a JSON schema")));
                _ = (place.Text("name"), place.Text("description"), place.Flag("strict"));
                if (place != format)
                    place.RequireAllRead();
                break;
            default:
                throw ApiException.NotImplemented(
                    format.PathOf("type"),
                    $"{format.PathOf("type")} '{type}' is not implemented; use \"text\", \"json_object\" or \"json_schema\"");
        }

        format.RequireAllRead();
    }

    private static void AddGuided(
        RequestFields fields, string json, string regex, string choice, List<Wanted> wanted)
    {
        if (fields.TryGet(json, out JsonElement schema))
            wanted.Add(Wanted.Schema(fields.PathOf(json), Parsed(schema, fields.PathOf(json))));
        if (fields.Text(regex) is { } pattern)
            wanted.Add(Wanted.Pattern(fields.PathOf(regex), pattern));
        if (fields.TryGet(choice, out JsonElement choices))
            wanted.Add(Wanted.Choice(fields.PathOf(choice), choices));
    }

    /// <summary>A schema may come as text.</summary>
    private static JsonElement Parsed(JsonElement schema, string place)
    {
        if (schema.ValueKind != JsonValueKind.String)
            return schema;
        try
        {
            return JsonElement.Parse(schema.GetString()!);
        }
        catch (JsonException wrong)
        {
            throw RequestFields.Wrong(place, "a JSON schema, or one as text", $"text that is no JSON ({wrong.Message})");
        }
    }

    private static AnswerForm Compile(Wanted wanted, ReadyModel ready)
    {
        if (ready.Forms is not { } forms)
        {
            throw ApiException.Invalid(wanted.Field, $"{wanted.Field}: {ready.WhyNoForms}; leave it out");
        }

        if (wanted.Key.Length > LongestSource)
        {
            throw RequestFields.Wrong(
                wanted.Field, $"at most {LongestSource} characters", $"{wanted.Key.Length}");
        }

        try
        {
            return forms.Get(wanted.Key, wanted.Compile);
        }
        catch (GrammarException wrong)
        {
            throw ApiException.Invalid(wanted.Field, $"{wanted.Field}: {wrong.Message}", "invalid_value");
        }
    }

    /// <summary>A form that was asked for.</summary>
    /// <param name="Field">Where.</param>
    /// <param name="Key">Tells it from others.</param>
    /// <param name="Compile">Makes it.</param>
    private sealed record Wanted(string Field, string Key, Func<Grammar> Compile)
    {
        public static Wanted Object(string field) => new(field, "object", Grammar.JsonObject);

        public static Wanted Schema(string field, JsonElement schema) =>
            new(field, $"schema {schema.GetRawText()}", () => Grammar.JsonSchema(schema));

        public static Wanted Pattern(string field, string pattern) =>
            new(field, $"pattern {pattern}", () => Grammar.Regex(pattern));

        public static Wanted Choice(string field, JsonElement choices)
        {
            if (choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() is 0 or > MostChoices)
                throw RequestFields.Wrong(field, $"an array of 1 to {MostChoices} strings", JsonWords.Show(choices));
            var texts = new List<string>();
            foreach (JsonElement choice in choices.EnumerateArray())
            {
                texts.Add(choice.ValueKind == JsonValueKind.String && choice.GetString() is { Length: > 0 } text
                    ? text
                    : throw RequestFields.Wrong($"{field}[{texts.Count}]", "a string that is not empty", JsonWords.Show(choice)));
            }

            return new Wanted(field, $"choice {choices.GetRawText()}", () => Grammar.Choice(texts));
        }
    }
}
