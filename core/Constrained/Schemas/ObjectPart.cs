using System.Text.Json;
using Glm5.Core.Constrained.Text;

namespace Glm5.Core.Constrained.Schemas;

/// <summary>One schema's words on the members of an object.</summary>
internal sealed class ObjectPart
{
    private readonly Dictionary<string, SchemaPlace> _named = new(StringComparer.Ordinal);

    private ObjectPart(SchemaPlace place) => Place = place;

    public SchemaPlace Place { get; }

    /// <summary>Names in the schema's order.</summary>
    public List<string> Names { get; } = [];

    /// <summary>Names that must be there.</summary>
    public List<string> Required { get; } = [];

    /// <summary>True when it lists properties, be they none.</summary>
    public bool ListsProperties { get; private set; }

    /// <summary>The schema of members that are not named and match no pattern; null when it says nothing of them.</summary>
    public SchemaPlace? Others { get; private set; }

    /// <summary>The schema of all names.</summary>
    public SchemaPlace? Keys { get; private set; }

    /// <summary>Names of members that have a schema by their pattern.</summary>
    public CharAutomaton? Pattern { get; private set; }

    /// <summary>That schema.</summary>
    public SchemaPlace? PatternValue { get; private set; }

    /// <summary>Reads a schema's words.</summary>
    /// <exception cref="GrammarException">They are not well formed or not implemented.</exception>
    public static ObjectPart Read(SchemaPlace place, SchemaReader reader)
    {
        var part = new ObjectPart(place);
        if (place.TryGet("properties", JsonValueKind.Object, out JsonElement properties))
            part.AddProperties(place.Member("properties", properties));
        if (place.TryGet("required", JsonValueKind.Array, out JsonElement required))
        {
            foreach (JsonElement name in required.EnumerateArray())
            {
                part.Required.Add(name.ValueKind == JsonValueKind.String
                    ? name.GetString()!
                    : throw place.Wrong("required", "expected an array of strings"));
            }
        }

        if (place.Schema.TryGetProperty("additionalProperties", out JsonElement others))
            part.Others = place.Member("additionalProperties", others);
        if (place.Schema.TryGetProperty("propertyNames", out JsonElement keys))
            part.Keys = place.Member("propertyNames", keys);
        if (place.TryGet("patternProperties", JsonValueKind.Object, out JsonElement patterns))
            part.AddPattern(place.Member("patternProperties", patterns), reader);
        return part;
    }

    /// <summary>Adds what it says of one member.</summary>
    public void AddSchemasOf(string name, List<SchemaPlace> together)
    {
        bool matches = Pattern?.Admits(name) == true;
        if (matches)
            together.Add(PatternValue!.Value);
        if (_named.TryGetValue(name, out SchemaPlace value))
            together.Add(value);
        else if (!matches && Others is { } others)
            together.Add(others);
    }

    private void AddProperties(SchemaPlace properties)
    {
        ListsProperties = true;
        foreach (JsonProperty property in properties.Schema.EnumerateObject())
        {
            if (!_named.ContainsKey(property.Name))
                Names.Add(property.Name);
            _named[property.Name] = properties.Member(property.Name, property.Value);
        }
    }

    private void AddPattern(SchemaPlace patterns, SchemaReader reader)
    {
        if (patterns.Schema.GetPropertyCount() > 1)
            throw Place.Wrong("patternProperties", "more than one pattern is not implemented");
        foreach (JsonProperty pattern in patterns.Schema.EnumerateObject())
        {
            Pattern = reader.Pattern(Place, "patternProperties", pattern.Name);
            PatternValue = patterns.Member(pattern.Name, pattern.Value);
        }
    }
}
