using System.Text.Json;

namespace Glm5.Host.Api;

/// <summary>JSON values in the words of error messages.</summary>
internal static class JsonWords
{
    private const int Longest = 60;

    /// <summary>What kind of value it is, with an article.</summary>
    public static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null",
    };

    /// <summary>The value itself where it is short, otherwise its kind.</summary>
    public static string Show(JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            return Kind(value);
        string raw = value.GetRawText();
        return raw.Length <= Longest ? raw : $"{Kind(value)} of {raw.Length:N0} characters";
    }
}
