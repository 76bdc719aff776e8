using System.Text.Json;

namespace Glm5.Core.Chat.Output;

/// <summary>Kinds of JSON values that a schema admits.</summary>
[Flags]
internal enum JsonKinds
{
    None = 0,
    String = 1,
    Integer = 2,

    /// <summary>Numbers with a fraction; what a schema calls a number is this and <see cref="Integer"/>.</summary>
    Fraction = 4,
    Boolean = 8,
    Null = 16,
    Array = 32,
    Object = 64,
    Any = String | Integer | Fraction | Boolean | Null | Array | Object,
}

/// <summary>From JSON to its kinds.</summary>
internal static class JsonKindsOf
{
    /// <summary>The one kind of a value.</summary>
    public static JsonKinds Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => JsonKinds.String,
        JsonValueKind.Number => IsWhole(value) ? JsonKinds.Integer : JsonKinds.Fraction,
        JsonValueKind.True or JsonValueKind.False => JsonKinds.Boolean,
        JsonValueKind.Null => JsonKinds.Null,
        JsonValueKind.Array => JsonKinds.Array,
        JsonValueKind.Object => JsonKinds.Object,
        _ => JsonKinds.None,
    };

    /// <summary>What a schema's type name admits; anything for a name that JSON Schema does not have.</summary>
    public static JsonKinds TypeName(JsonElement name)
    {
        string? text = name.ValueKind == JsonValueKind.String ? name.GetString() : null;
        return text switch
        {
            "string" => JsonKinds.String,
            "integer" => JsonKinds.Integer,
            "number" => JsonKinds.Integer | JsonKinds.Fraction,
            "boolean" => JsonKinds.Boolean,
            "null" => JsonKinds.Null,
            "array" => JsonKinds.Array,
            "object" => JsonKinds.Object,
            _ => JsonKinds.Any,
        };
    }

    private static bool IsWhole(JsonElement number) =>
        number.TryGetDouble(out double value) && Math.Floor(value) == value;
}
