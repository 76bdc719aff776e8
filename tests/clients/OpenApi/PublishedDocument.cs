using System.Text.Json;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.OpenApi;

/// <summary>
/// The document at <c>/openapi.json</c>, and answers held against it: no field that it does not name, every one that it
/// requires, values of the types it says. Remembers which of its fields it has seen.
/// </summary>
internal sealed class PublishedDocument
{
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    private PublishedDocument(JsonElement root) => Root = root;

    /// <summary>All of it.</summary>
    public JsonElement Root { get; }

    /// <summary>Fields that answers had, as <c>Schema.field</c>.</summary>
    public IReadOnlySet<string> Seen => _seen;

    /// <summary>Asks a server for it.</summary>
    public static async Task<PublishedDocument> OfAsync(RunningServer server) =>
        new(JsonElement.Parse(await server.Http.GetByteArrayAsync("/openapi.json")));

    /// <summary>A schema by its name.</summary>
    public JsonElement Schema(string name) => Root.At("components", "schemas", name);

    /// <summary>The names of a schema's fields, those that it takes over included.</summary>
    public IEnumerable<string> FieldsOf(JsonElement schema)
    {
        schema = Resolve(schema, out _);
        IEnumerable<string> own = schema.TryGetProperty("properties", out JsonElement fields)
            ? fields.EnumerateObject().Select(field => field.Name)
            : [];
        return schema.TryGetProperty("allOf", out JsonElement all)
            ? own.Concat(all.EnumerateArray().SelectMany(FieldsOf))
            : own;
    }

    /// <summary>Holds a value against a schema of a name.</summary>
    public void Check(JsonElement value, string name)
    {
        List<string> faults = [];
        Check(value, Schema(name), name, faults);
        Assert.IsEmpty(faults, $"{string.Join("; ", faults)} in {value}");
    }

    /// <summary>The places of all fields of a schema and those below it that answers can have.</summary>
    public IEnumerable<string> PlacesOf(string name)
    {
        List<string> places = [];
        Collect(Schema(name), name, places);
        return places.Distinct(StringComparer.Ordinal);
    }

    private void Collect(JsonElement schema, string place, List<string> places)
    {
        schema = Resolve(schema, out string? name);
        place = name ?? place;
        foreach (string several in (string[])["oneOf", "allOf"])
        {
            if (schema.TryGetProperty(several, out JsonElement branches))
            {
                foreach (JsonElement branch in branches.EnumerateArray())
                    Collect(branch, place, places);
            }
        }

        if (schema.TryGetProperty("items", out JsonElement items))
            Collect(items, place, places);
        if (!schema.TryGetProperty("properties", out JsonElement fields))
            return;
        foreach (JsonProperty field in fields.EnumerateObject())
        {
            places.Add($"{place}.{field.Name}");
            Collect(field.Value, $"{place}.{field.Name}", places);
        }
    }

    private void Check(JsonElement value, JsonElement schema, string place, List<string> faults)
    {
        schema = Resolve(schema, out string? name);
        place = name ?? place;
        if (schema.TryGetProperty("oneOf", out JsonElement branches))
            CheckOneOf(value, branches, place, faults);
        if (schema.TryGetProperty("type", out JsonElement type) && !Types(type).Any(t => HasType(value, t)))
            faults.Add($"{place} is {value.ValueKind}, not {type}");
        if (schema.TryGetProperty("const", out JsonElement one) && !JsonElement.DeepEquals(one, value))
            faults.Add($"{place} is {value}, not {one}");
        if (schema.TryGetProperty("enum", out JsonElement some) && !some.EnumerateArray().Any(item => JsonElement.DeepEquals(item, value)))
            faults.Add($"{place} is {value}, none of {some}");
        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out JsonElement items))
        {
            foreach (JsonElement item in value.EnumerateArray())
                Check(item, items, place, faults);
        }

        if (value.ValueKind == JsonValueKind.Object)
            CheckObject(value, schema, place, faults);
    }

    private void CheckOneOf(JsonElement value, JsonElement branches, string place, List<string> faults)
    {
        List<string> reasons = [];
        foreach (JsonElement branch in branches.EnumerateArray())
        {
            List<string> wrong = [];
            Check(value, branch, place, wrong);
            if (wrong.Count == 0)
                return;
            reasons.AddRange(wrong);
        }

        faults.Add($"{place} has none of its forms ({string.Join(", ", reasons)})");
    }

    private void CheckObject(JsonElement value, JsonElement schema, string place, List<string> faults)
    {
        bool hasFields = schema.TryGetProperty("properties", out JsonElement fields);
        bool hasOthers = schema.TryGetProperty("additionalProperties", out JsonElement others);
        foreach (JsonProperty field in value.EnumerateObject())
        {
            if (hasFields && fields.TryGetProperty(field.Name, out JsonElement known))
            {
                _seen.Add($"{place}.{field.Name}");
                Check(field.Value, known, $"{place}.{field.Name}", faults);
            }
            else if (hasOthers && others.ValueKind == JsonValueKind.Object)
            {
                Check(field.Value, others, $"{place}.*", faults);
            }
            else if (hasOthers)
            {
                faults.Add($"{place}.{field.Name} is not described");
            }
        }

        if (!schema.TryGetProperty("required", out JsonElement required))
            return;
        foreach (JsonElement must in required.EnumerateArray())
        {
            if (!value.TryGetProperty(must.GetString()!, out _))
                faults.Add($"{place}.{must} is missing");
        }
    }

    private JsonElement Resolve(JsonElement schema, out string? name)
    {
        name = null;
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("$ref", out JsonElement target))
            return schema;
        string[] steps = target.GetString()!.Split('/')[1..];
        name = steps.Length == 3 ? steps[2] : null;
        return Root.At([.. steps]);
    }

    private static IEnumerable<string> Types(JsonElement type) => type.ValueKind == JsonValueKind.Array
        ? type.EnumerateArray().Select(item => item.GetString()!)
        : [type.GetString()!];

    private static bool HasType(JsonElement value, string type) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "number" => value.ValueKind == JsonValueKind.Number,
        "string" => value.ValueKind == JsonValueKind.String,
        "array" => value.ValueKind == JsonValueKind.Array,
        _ => value.ValueKind == JsonValueKind.Object,
    };
}
