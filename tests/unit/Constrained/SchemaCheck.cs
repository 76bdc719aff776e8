using System.Text.Json;
using System.Text.RegularExpressions;

namespace Glm5.Tests.Unit.Constrained;

/// <summary>
/// A small validator of JSON Schema that shares nothing with the grammar: it looks at values, not at texts. Throws for a
/// keyword that it does not know.
/// </summary>
internal sealed class SchemaCheck(JsonElement root)
{
    public static bool Passes(string schema, string json)
    {
        using var parsed = JsonDocument.Parse(schema);
        using var value = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 1000 });
        return new SchemaCheck(parsed.RootElement).Passes(parsed.RootElement, value.RootElement);
    }

    public bool Passes(JsonElement schema, JsonElement value)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return schema.ValueKind == JsonValueKind.True;
        bool isNullable = schema.TryGetProperty("nullable", out JsonElement nullable) && nullable.GetBoolean();
        if (isNullable && value.ValueKind == JsonValueKind.Null)
            return true;
        return schema.EnumerateObject().All(keyword => Passes(schema, keyword.Name, keyword.Value, value));
    }

    private bool Passes(JsonElement schema, string keyword, JsonElement wanted, JsonElement value) => keyword switch
    {
        "type" => wanted.ValueKind == JsonValueKind.Array
            ? wanted.EnumerateArray().Any(type => IsOf(type.GetString()!, value))
            : IsOf(wanted.GetString()!, value),
        "enum" => wanted.EnumerateArray().Any(listed => JsonElement.DeepEquals(listed, value)),
        "const" => JsonElement.DeepEquals(wanted, value),
        "$ref" => Passes(Resolve(wanted.GetString()!), value),
        "allOf" => wanted.EnumerateArray().All(part => Passes(part, value)),
        "anyOf" or "oneOf" => wanted.EnumerateArray().Any(part => Passes(part, value)),
        "minimum" => !IsNumber(value) || value.GetDecimal() >= wanted.GetDecimal(),
        "maximum" => !IsNumber(value) || value.GetDecimal() <= wanted.GetDecimal(),
        "exclusiveMinimum" => !IsNumber(value) || value.GetDecimal() > wanted.GetDecimal(),
        "exclusiveMaximum" => !IsNumber(value) || value.GetDecimal() < wanted.GetDecimal(),
        "multipleOf" => !IsNumber(value) || value.GetDecimal() % wanted.GetDecimal() == 0,
        "minLength" => !IsText(value) || Length(value) >= wanted.GetInt32(),
        "maxLength" => !IsText(value) || Length(value) <= wanted.GetInt32(),
        "pattern" => !IsText(value) || Regex.IsMatch(value.GetString()!, wanted.GetString()!, RegexOptions.ECMAScript),
        "minItems" => !IsList(value) || value.GetArrayLength() >= wanted.GetInt32(),
        "maxItems" => !IsList(value) || value.GetArrayLength() <= wanted.GetInt32(),
        "prefixItems" => !IsList(value) || wanted.EnumerateArray().Zip(value.EnumerateArray()).All(p => Passes(p.First, p.Second)),
        "items" => !IsList(value) || value.EnumerateArray().Skip(PrefixLength(schema)).All(item => Passes(wanted, item)),
        "minProperties" => !IsObject(value) || value.GetPropertyCount() >= wanted.GetInt32(),
        "maxProperties" => !IsObject(value) || value.GetPropertyCount() <= wanted.GetInt32(),
        "required" => !IsObject(value) || wanted.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
        "properties" => !IsObject(value) || wanted.EnumerateObject().All(property =>
            !value.TryGetProperty(property.Name, out JsonElement inner) || Passes(property.Value, inner)),
        "additionalProperties" => !IsObject(value) || Unnamed(schema, value).All(member => Passes(wanted, member.Value)),
        "patternProperties" => !IsObject(value) || wanted.EnumerateObject().All(pattern => value.EnumerateObject()
            .Where(member => Regex.IsMatch(member.Name, pattern.Name)).All(member => Passes(pattern.Value, member.Value))),
        "propertyNames" => !IsObject(value) || value.EnumerateObject().All(member =>
            Passes(wanted, JsonSerializer.SerializeToElement(member.Name))),
        "$defs" or "definitions" or "title" or "description" or "default" or "nullable" or "format" => true,
        _ => throw new NotSupportedException(keyword),
    };

    private static IEnumerable<JsonProperty> Unnamed(JsonElement schema, JsonElement value) =>
        value.EnumerateObject().Where(member =>
            !(schema.TryGetProperty("properties", out JsonElement named) && named.TryGetProperty(member.Name, out _))
            && !(schema.TryGetProperty("patternProperties", out JsonElement patterns)
                && patterns.EnumerateObject().Any(pattern => Regex.IsMatch(member.Name, pattern.Name))));

    private static int PrefixLength(JsonElement schema) =>
        schema.TryGetProperty("prefixItems", out JsonElement prefix) ? prefix.GetArrayLength() : 0;

    private JsonElement Resolve(string reference) => reference.Split('/').Skip(1).Aggregate(
        root, (at, step) => at.ValueKind == JsonValueKind.Array ? at[int.Parse(step)] : at.GetProperty(step));

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "integer" => IsNumber(value) && value.GetDouble() == Math.Floor(value.GetDouble()),
        "number" => IsNumber(value),
        "string" => IsText(value),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "array" => IsList(value),
        _ => type == "object" && IsObject(value),
    };

    private static bool IsNumber(JsonElement value) => value.ValueKind == JsonValueKind.Number;

    private static bool IsText(JsonElement value) => value.ValueKind == JsonValueKind.String;

    private static bool IsList(JsonElement value) => value.ValueKind == JsonValueKind.Array;

    private static bool IsObject(JsonElement value) => value.ValueKind == JsonValueKind.Object;

    private static int Length(JsonElement value) => value.GetString()!.EnumerateRunes().Count();
}
