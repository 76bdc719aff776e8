using System.Collections.Frozen;
using System.Text.Json;
using Glm5.Core.Chat.Output;

namespace Glm5.Core.Constrained.Schemas;

/// <summary>
/// The keywords of JSON Schema: which say nothing about values, which are implemented, and of what they speak.
/// </summary>
internal static class SchemaKeywords
{
    private const JsonKinds Number = JsonKinds.Integer | JsonKinds.Fraction;

    private static readonly FrozenSet<string> s_annotations = FrozenSet.ToFrozenSet(
    [
        "$schema", "$id", "$comment", "$defs", "$anchor", "$vocabulary", "definitions", "title", "description", "default",
        "example", "examples", "deprecated", "readOnly", "writeOnly", "contentEncoding", "contentMediaType",
        "contentSchema", "discriminator", "externalDocs", "xml", "propertyOrdering", "id", "name", "strict", "nullable",
        "format",
    ]);

    private static readonly FrozenDictionary<string, JsonKinds> s_implemented = new Dictionary<string, JsonKinds>
    {
        ["$ref"] = JsonKinds.None,
        ["type"] = JsonKinds.None,
        ["enum"] = JsonKinds.None,
        ["const"] = JsonKinds.None,
        ["anyOf"] = JsonKinds.None,
        ["oneOf"] = JsonKinds.None,
        ["allOf"] = JsonKinds.None,
        ["properties"] = JsonKinds.Object,
        ["required"] = JsonKinds.Object,
        ["additionalProperties"] = JsonKinds.Object,
        ["patternProperties"] = JsonKinds.Object,
        ["propertyNames"] = JsonKinds.Object,
        ["minProperties"] = JsonKinds.Object,
        ["maxProperties"] = JsonKinds.Object,
        ["items"] = JsonKinds.Array,
        ["prefixItems"] = JsonKinds.Array,
        ["additionalItems"] = JsonKinds.Array,
        ["minItems"] = JsonKinds.Array,
        ["maxItems"] = JsonKinds.Array,
        ["minLength"] = JsonKinds.String,
        ["maxLength"] = JsonKinds.String,
        ["pattern"] = JsonKinds.String,
        ["minimum"] = Number,
        ["maximum"] = Number,
        ["exclusiveMinimum"] = Number,
        ["exclusiveMaximum"] = Number,
        ["multipleOf"] = Number,
    }.ToFrozenDictionary();

    /// <summary>The kinds of values that a schema's keywords speak of; none when they speak of all.</summary>
    /// <exception cref="GrammarException">A keyword is not implemented.</exception>
    public static JsonKinds Check(SchemaPlace place)
    {
        JsonKinds kinds = JsonKinds.None;
        foreach (JsonProperty keyword in place.Schema.EnumerateObject())
        {
            if (s_implemented.TryGetValue(keyword.Name, out JsonKinds some))
                kinds |= some;
            else if (!SaysNothing(keyword))
                throw place.Wrong(keyword.Name, $"the keyword {keyword.Name} is not implemented; leave it out");
        }

        return kinds;
    }

    /// <summary>A keyword that asks for nothing says nothing: <c>"uniqueItems": false</c>.</summary>
    private static bool SaysNothing(JsonProperty keyword) =>
        s_annotations.Contains(keyword.Name) || keyword.Name.StartsWith("x-", StringComparison.Ordinal)
            || (keyword.Name == "uniqueItems" && keyword.Value.ValueKind == JsonValueKind.False);
}
