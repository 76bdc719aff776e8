using System.Text.Json;

namespace Glm5.Core.Constrained.Schemas;

/// <summary>A member that a schema names.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Schemas of its value.</param>
/// <param name="IsRequired">False when it may be left out.</param>
internal readonly record struct ObjectMember(string Name, IReadOnlyList<SchemaPlace> Value, bool IsRequired);

/// <summary>
/// What the members of an object are. Named ones come in the schema's order. Others come after them, where
/// additionalProperties or patternProperties speak of them, or where a schema speaks of no members at all: what it
/// leaves open by saying nothing is not written.
/// </summary>
internal sealed class ObjectForm
{
    private readonly List<ObjectPart> _parts;

    private ObjectForm(List<ObjectMember> members, List<ObjectPart> parts)
    {
        (Members, _parts) = (members, parts);
        bool speaks = false, closes = false;
        foreach (ObjectPart part in parts)
        {
            Pattern ??= part.Pattern is null ? null : part;
            Keys ??= part.Keys;
            bool ofOthers = part.Others is not null || part.Pattern is not null;
            speaks |= ofOthers || part.Keys is not null;
            closes |= part.ListsProperties && !ofOthers;
        }

        IsOpen = (parts.Count == 0 || speaks) && !closes;
    }

    /// <summary>Members by name, in order.</summary>
    public IReadOnlyList<ObjectMember> Members { get; }

    /// <summary>Whose pattern the names of others match; null for any name.</summary>
    public ObjectPart? Pattern { get; }

    /// <summary>The schema of the names of others; null for any name.</summary>
    public SchemaPlace? Keys { get; }

    /// <summary>True when others than the named are written.</summary>
    public bool IsOpen { get; }

    /// <summary>How many of the named are required.</summary>
    public int RequiredCount
    {
        get
        {
            int count = 0;
            foreach (ObjectMember member in Members)
                count += member.IsRequired ? 1 : 0;
            return count;
        }
    }

    /// <summary>What all schemas of a shape say together.</summary>
    /// <exception cref="GrammarException">They say what is not implemented.</exception>
    public static ObjectForm Of(SchemaShape shape, SchemaReader reader)
    {
        var parts = new List<ObjectPart>();
        var order = new List<string>();
        HashSet<string> names = new(StringComparer.Ordinal), required = new(StringComparer.Ordinal);
        foreach (SchemaPlace place in shape.Objects)
            parts.Add(ObjectPart.Read(place, reader));
        foreach (ObjectPart part in parts)
        {
            required.UnionWith(part.Required);
            AddNew(part.Names, names, order);
        }

        foreach (ObjectPart part in parts)
            AddNew(part.Required, names, order);
        var members = new List<ObjectMember>();
        foreach (string name in order)
            members.Add(new ObjectMember(name, Together(parts, name), required.Contains(name)));
        RequireSimple(parts, members.Count);
        return new ObjectForm(members, parts);
    }

    /// <summary>Schemas of a member by its name.</summary>
    public IReadOnlyList<SchemaPlace> SchemasOf(string name) => Together(_parts, name);

    /// <summary>Schemas of the members that are written beside the named.</summary>
    public IReadOnlyList<SchemaPlace> Others()
    {
        if (Pattern?.PatternValue is { } value)
            return [value];
        var together = new List<SchemaPlace>();
        foreach (ObjectPart part in _parts)
        {
            if (part.Others is { } others)
                together.Add(others);
        }

        return together;
    }

    private static void AddNew(List<string> some, HashSet<string> names, List<string> order)
    {
        foreach (string name in some)
        {
            if (names.Add(name))
                order.Add(name);
        }
    }

    private static List<SchemaPlace> Together(List<ObjectPart> parts, string name)
    {
        var together = new List<SchemaPlace>();
        foreach (ObjectPart part in parts)
            part.AddSchemasOf(name, together);
        return together;
    }

    /// <exception cref="GrammarException">Names would have to meet conditions that overlap.</exception>
    private static void RequireSimple(List<ObjectPart> parts, int members)
    {
        foreach (ObjectPart part in parts)
        {
            bool isAlone = parts.Count == 1;
            bool closes = part.Others is not { } others || others.Schema.ValueKind == JsonValueKind.False;
            if (part.Pattern is not null && !(isAlone && closes))
            {
                throw part.Place.Wrong(
                    "patternProperties", "is implemented only without additionalProperties, or with false, and not in allOf");
            }

            if (part.Keys is not null && (members > 0 || !isAlone || part.Pattern is not null))
            {
                throw part.Place.Wrong(
                    "propertyNames", "is implemented only for objects without properties, required and patternProperties");
            }
        }
    }
}
