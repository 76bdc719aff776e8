using System.Text.Json;

namespace Glm5.Core.Chat.Output;

/// <summary>
/// Finds what a JSON schema says about one property of an object: through references, unions, intersections, enum,
/// const and nullable. A request brings the schema, so its walk is bounded: what lies beyond counts as unknown.
/// </summary>
internal sealed class SchemaReader
{
    /// <summary>
    /// Members and items looked at for one property. References may form circles, and unions of circles explode.
    /// </summary>
    private const int MostLooks = 100_000;

    private const int DeepestNesting = 100;

    private readonly JsonElement _root;
    private readonly List<JsonElement> _listed = [];
    private int _looks;
    private int _depth;

    private SchemaReader(JsonElement root) => _root = root;

    /// <param name="parameters">The schema of all arguments.</param>
    /// <param name="name">The argument.</param>
    public static ArgumentType TypeOf(JsonElement parameters, string name)
    {
        SchemaReader reader = new(parameters);
        try
        {
            JsonKinds? kinds = reader.OfProperty(parameters, name) ?? reader.OfOtherProperties(parameters);
            return kinds is null or JsonKinds.None
                ? ArgumentType.Unknown
                : new ArgumentType(kinds.Value, reader._listed);
        }
        catch (InvalidOperationException)
        {
            // Beyond the bounds, or a string in it holds half a surrogate pair (\ud800).
            return ArgumentType.Unknown;
        }
    }

    /// <summary>
    /// Kinds of a property of the objects that <paramref name="schema"/> describes; null when it does not mention it.
    /// </summary>
    private JsonKinds? OfProperty(JsonElement schema, string name)
    {
        if (schema.ValueKind != JsonValueKind.Object)
            return null;

        Enter(schema);

        JsonKinds? kinds = null;
        if (TryGet(schema, "properties", JsonValueKind.Object, out JsonElement properties)
            && Charge(properties.GetPropertyCount()) && properties.TryGetProperty(name, out JsonElement property))
        {
            kinds = OfSchema(property);
        }

        if (TryResolve(schema, out JsonElement target))
            kinds = Both(kinds, OfProperty(target, name));
        foreach (JsonElement part in Parts(schema, "allOf"))
            kinds = Both(kinds, OfProperty(part, name));
        foreach (string union in (ReadOnlySpan<string>)["anyOf", "oneOf"])
        {
            JsonKinds? either = null;
            foreach (JsonElement part in Parts(schema, union))
                either = OfProperty(part, name) is { } found ? (either ?? JsonKinds.None) | found : either;
            kinds = Both(kinds, either);
        }

        _depth--;
        return kinds;
    }

    private JsonKinds? OfOtherProperties(JsonElement schema) =>
        TryGet(schema, "additionalProperties", JsonValueKind.Object, out JsonElement others) ? OfSchema(others) : null;

    private JsonKinds OfSchema(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object)
            return JsonKinds.Any;

        Enter(schema);

        JsonKinds kinds = JsonKinds.Any;
        if (TryResolve(schema, out JsonElement target))
            kinds &= OfSchema(target);
        if (schema.TryGetProperty("type", out JsonElement type))
            kinds &= OfType(type);
        if (TryGet(schema, "enum", JsonValueKind.Array, out JsonElement values) && Charge(values.GetArrayLength()))
            kinds &= OfValues(values);
        if (schema.TryGetProperty("const", out JsonElement value))
        {
            _listed.Add(value);
            kinds &= JsonKindsOf.Value(value);
        }

        foreach (JsonElement part in Parts(schema, "allOf"))
            kinds &= OfSchema(part);
        kinds &= OfUnion(schema, "anyOf") & OfUnion(schema, "oneOf");
        if (kinds == JsonKinds.Any)
            kinds = Implied(schema);
        if (TryGet(schema, "nullable", JsonValueKind.True, out _))
            kinds |= JsonKinds.Null;

        _depth--;
        return kinds;
    }

    private JsonKinds OfUnion(JsonElement schema, string keyword)
    {
        JsonKinds kinds = JsonKinds.None;
        foreach (JsonElement part in Parts(schema, keyword))
            kinds |= OfSchema(part);
        return kinds == JsonKinds.None ? JsonKinds.Any : kinds;
    }

    private static JsonKinds OfType(JsonElement type)
    {
        if (type.ValueKind != JsonValueKind.Array)
            return JsonKindsOf.TypeName(type);

        JsonKinds kinds = JsonKinds.None;
        foreach (JsonElement name in type.EnumerateArray())
            kinds |= JsonKindsOf.TypeName(name);
        return kinds;
    }

    private JsonKinds OfValues(JsonElement values)
    {
        JsonKinds kinds = JsonKinds.None;
        foreach (JsonElement value in values.EnumerateArray())
        {
            _listed.Add(value);
            kinds |= JsonKindsOf.Value(value);
        }

        return kinds;
    }

    /// <summary>Schemas without a type that speak of members or items mean objects or lists.</summary>
    private static JsonKinds Implied(JsonElement schema)
    {
        if (schema.TryGetProperty("properties", out _) || schema.TryGetProperty("required", out _))
            return JsonKinds.Object;
        if (schema.TryGetProperty("items", out _) || schema.TryGetProperty("prefixItems", out _))
            return JsonKinds.Array;
        return JsonKinds.Any;
    }

    /// <summary>Follows a reference inside of the same schema: <c>#</c> or <c>#/pointer/to/it</c>.</summary>
    private bool TryResolve(JsonElement schema, out JsonElement target)
    {
        target = _root;
        if (!TryGet(schema, "$ref", JsonValueKind.String, out JsonElement reference)
            || reference.GetString() is not ['#', .. string pointer])
        {
            return false;
        }


        if (pointer.Length == 0)
            return true;
        if (pointer[0] != '/')
            return false;

        foreach (string escaped in pointer[1..].Split('/'))
        {
            string step = Uri.UnescapeDataString(escaped)
                .Replace("~1", "/", StringComparison.Ordinal)
                .Replace("~0", "~", StringComparison.Ordinal);
            bool found = target.ValueKind switch
            {
                JsonValueKind.Object => target.TryGetProperty(step, out target),
                JsonValueKind.Array => int.TryParse(step, out int index) && TryIndex(index, ref target),
                _ => false,
            };
            if (!found)
                return false;
        }

        return true;
    }

    private static bool TryIndex(int index, ref JsonElement target)
    {
        if (index < 0 || index >= target.GetArrayLength())
            return false;
        target = target[index];
        return true;
    }

    private JsonElement.ArrayEnumerator Parts(JsonElement schema, string keyword) =>
        TryGet(schema, keyword, JsonValueKind.Array, out JsonElement parts) && Charge(parts.GetArrayLength())
            ? parts.EnumerateArray()
            : default;

    private static bool TryGet(JsonElement schema, string keyword, JsonValueKind kind, out JsonElement value)
    {
        value = default;
        return schema.ValueKind == JsonValueKind.Object
            && schema.TryGetProperty(keyword, out value)
            && value.ValueKind == kind;
    }

    private static JsonKinds? Both(JsonKinds? first, JsonKinds? second) =>
        first is null ? second : second is null ? first : first & second;

    private void Enter(JsonElement schema)
    {
        Charge(schema.GetPropertyCount());
        if (++_depth > DeepestNesting)
            throw new InvalidOperationException("The schema is nested too deeply.");
    }

    /// <summary>Accounts for members or items that are looked through.</summary>
    private bool Charge(int looks)
    {
        _looks += 1 + looks;
        return _looks <= MostLooks ? true : throw new InvalidOperationException("The schema is too large to follow.");
    }
}
