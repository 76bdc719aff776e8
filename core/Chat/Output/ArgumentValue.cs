using System.Text;
using System.Text.Json;

namespace Glm5.Core.Chat.Output;

/// <summary>
/// The text of an argument to JSON. The model writes strings raw and everything else as JSON, so the schema decides
/// which it is; where it admits both, text that is JSON of another admitted kind is that, and other text is a string.
/// </summary>
internal static class ArgumentValue
{
    /// <summary>Leaves clients with the usual limit of 64 room for the object around.</summary>
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 60 };

    /// <summary>Valid JSON for the whole text of an argument, whatever it is.</summary>
    public static string ToJson(string text, ArgumentType type)
    {
        string trimmed = text.Trim();
        bool isJson = TryParse(trimmed, out JsonElement value);
        if (isJson && IsMeant(trimmed, value, type))
            return trimmed;
        if (TrySpellOut(trimmed, isJson, value, type.Kinds, out string? spelled))
            return spelled;
        return isJson && !type.Kinds.HasFlag(JsonKinds.String) ? trimmed : JsonText.Quote(text);
    }

    private static bool IsMeant(string trimmed, JsonElement value, ArgumentType type)
    {
        JsonKinds kind = JsonKindsOf.Value(value);
        if (type.Kinds == JsonKinds.Any)
            return true;
        if (kind == JsonKinds.String || !type.Kinds.HasFlag(kind))
            return false;

        // An enum that lists "1" and not 1 means the string.
        bool asString = false;
        foreach (JsonElement listed in type.Listed)
        {
            if (JsonElement.DeepEquals(listed, value))
                return true;
            asString |= listed.ValueKind == JsonValueKind.String && listed.ValueEquals(trimmed);
        }

        return !asString;
    }

    /// <summary>JSON inside of a JSON string, and Python's constants, where the schema admits no string.</summary>
    private static bool TrySpellOut(string trimmed, bool isJson, JsonElement value, JsonKinds kinds, out string spelled)
    {
        spelled = trimmed switch
        {
            "True" => "true",
            "False" => "false",
            "None" => "null",
            _ => isJson && value.ValueKind == JsonValueKind.String ? value.GetString()!.Trim() : "",
        };
        return !kinds.HasFlag(JsonKinds.String)
            && TryParse(spelled, out JsonElement inner)
            && kinds.HasFlag(JsonKindsOf.Value(inner));
    }

    /// <exception cref="InvalidOperationException">A string holds half a surrogate pair (\ud800), of which no text can
    /// be made.</exception>
    private static void ReadStrings(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = s_options.MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                reader.GetString();
        }
    }

    private static bool TryParse(string text, out JsonElement value)
    {
        value = default;
        try
        {
            byte[] json = Encoding.UTF8.GetBytes(text);
            if (text.Contains(@"\u", StringComparison.Ordinal))
                ReadStrings(json);
            using JsonDocument document = JsonDocument.Parse(json, s_options);
            value = document.RootElement.Clone();
            return true;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
