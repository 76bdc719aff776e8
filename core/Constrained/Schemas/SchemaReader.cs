using System.Text.Json;
using Glm5.Core.Chat.Output;
using Glm5.Core.Constrained.Text;

namespace Glm5.Core.Constrained.Schemas;

/// <summary>Turns schemas that a value has to satisfy together into the alternatives that they leave.</summary>
/// <param name="root">The whole, into which references point.</param>
internal sealed class SchemaReader(JsonElement root)
{
    private readonly Dictionary<string, CharAutomaton> _patterns = new(StringComparer.Ordinal);
    private int _schemas;

    /// <summary>The alternatives; none when the schemas exclude each other.</summary>
    /// <exception cref="GrammarException">A schema is not well formed, not implemented or too large.</exception>
    public List<SchemaShape> Alternatives(IReadOnlyList<SchemaPlace> together)
    {
        var open = new Stack<Pending>();
        for (int i = together.Count - 1; i >= 0; i--)
            open.Push(new Pending(together[i], null));
        var into = new List<SchemaShape>();
        Narrow(open, [], [], new SchemaShape(), into);
        return into;
    }

    /// <summary>A pattern that may match anywhere unless it is anchored.</summary>
    public CharAutomaton Pattern(SchemaPlace place, string keyword, string pattern)
    {
        if (_patterns.TryGetValue(pattern, out CharAutomaton? known))
            return known;
        try
        {
            known = CharAutomaton.Of(RegexParser.Parse(pattern, wholeText: false));
        }
        catch (GrammarException wrong)
        {
            throw place.Wrong(keyword, wrong.Message);
        }

        _patterns.Add(pattern, known);
        return known;
    }

    /// <summary>
    /// Adds the conditions of the open schemas to a shape, then goes on with a copy for every branch of the next union.
    /// </summary>
    private void Narrow(
        Stack<Pending> open, HashSet<string> seen, Stack<List<Pending>> unions, SchemaShape shape, List<SchemaShape> into)
    {
        while (open.TryPop(out Pending? next))
        {
            SchemaPlace place = next.Place;
            next.RequireProgress();
            if (++_schemas > GrammarBounds.Schemas)
                throw new GrammarException(place.Pointer, $"the schema leads to more than {GrammarBounds.Schemas} schemas");
            if (place.Schema.ValueKind == JsonValueKind.False)
                return;
            if (place.Schema.ValueKind == JsonValueKind.True || !seen.Add(place.Pointer))
                continue;
            if (place.Schema.ValueKind != JsonValueKind.Object)
            {
                throw new GrammarException(
                    place.Pointer, $"{place.Pointer}: expected a schema, which is an object or a boolean");
            }

            AddConditions(place, shape);
            Follow(next, open, unions);
        }

        if (unions.TryPop(out List<Pending>? union))
        {
            foreach (Pending branch in union)
                Narrow(new Stack<Pending>([branch]), [.. seen], Copy(unions), shape.Copy(), into);
            return;
        }

        if (into.Count == GrammarBounds.Alternatives)
            throw new GrammarException("#", $"a schema has more than {GrammarBounds.Alternatives} alternatives");
        into.Add(shape);
    }

    private void Follow(Pending from, Stack<Pending> open, Stack<List<Pending>> unions)
    {
        SchemaPlace place = from.Place;

        // What is pushed last is looked at first: members keep the order in which the schema names them.
        List<Pending> all = Parts(from, "allOf");
        for (int i = all.Count - 1; i >= 0; i--)
            open.Push(all[i]);
        if (place.TryGet("$ref", JsonValueKind.String, out JsonElement reference))
            open.Push(new Pending(place.Resolve(root, reference.GetString()!), from));
        foreach (string keyword in (ReadOnlySpan<string>)["anyOf", "oneOf"])
        {
            if (Parts(from, keyword) is { Count: > 0 } union)
                unions.Push(union);
        }
    }

    private static List<Pending> Parts(Pending from, string keyword)
    {
        var parts = new List<Pending>();
        if (!from.Place.TryGet(keyword, JsonValueKind.Array, out JsonElement list))
            return parts;
        if (list.GetArrayLength() == 0)
            throw from.Place.Wrong(keyword, "expected at least one schema");
        SchemaPlace here = from.Place.Member(keyword, list);
        foreach (JsonElement part in list.EnumerateArray())
            parts.Add(new Pending(here.Item(parts.Count, part), from));
        return parts;
    }

    private static Stack<List<Pending>> Copy(Stack<List<Pending>> unions)
    {
        List<Pending>[] items = [.. unions];
        Array.Reverse(items);
        return new Stack<List<Pending>>(items);
    }

    private void AddConditions(SchemaPlace place, SchemaShape shape)
    {
        shape.Implied |= SchemaKeywords.Check(place);
        AddKinds(place, shape);
        SchemaNumbers.Narrow(place, shape);
        shape.Length = shape.Length.And(Counts(place, "minLength", "maxLength"));
        shape.Members = shape.Members.And(Counts(place, "minProperties", "maxProperties"));
        shape.Items = shape.Items.And(Counts(place, "minItems", "maxItems"));
        AddPatterns(place, shape);
        if (SpeaksOf(place, "properties", "required", "additionalProperties", "patternProperties", "propertyNames"))
            shape.Objects.Add(place);
        if (SpeaksOf(place, "items", "prefixItems", "additionalItems"))
            shape.Arrays.Add(place);
    }

    private static void AddKinds(SchemaPlace place, SchemaShape shape)
    {
        if (place.Schema.TryGetProperty("type", out JsonElement type))
        {
            bool orNull = place.Schema.TryGetProperty("nullable", out JsonElement nullable)
                && nullable.ValueKind == JsonValueKind.True;
            shape.Kinds &= KindsOf(place, type) | (orNull ? JsonKinds.Null : JsonKinds.None);
            shape.IsTyped = true;
        }

        if (place.TryGet("enum", JsonValueKind.Array, out JsonElement values))
        {
            shape.Listed.Add([.. values.EnumerateArray()]);
            shape.IsTyped = true;
        }

        if (place.Schema.TryGetProperty("const", out JsonElement constant))
        {
            shape.Listed.Add([constant]);
            shape.IsTyped = true;
        }
    }

    private void AddPatterns(SchemaPlace place, SchemaShape shape)
    {
        if (place.TryGet("pattern", JsonValueKind.String, out JsonElement pattern))
            shape.Patterns.Add(Pattern(place, "pattern", pattern.GetString()!));
        if (place.Schema.TryGetProperty("format", out JsonElement format) && format.ValueKind == JsonValueKind.String
            && StringFormats.TryGet(format.GetString()!, out CharAutomaton? known))
        {
            shape.Patterns.Add(known);
            shape.Implied |= JsonKinds.String;
        }
    }

    private static JsonKinds KindsOf(SchemaPlace place, JsonElement type)
    {
        if (type.ValueKind != JsonValueKind.Array)
            return KindOf(place, type);
        JsonKinds kinds = JsonKinds.None;
        foreach (JsonElement name in type.EnumerateArray())
            kinds |= KindOf(place, name);
        return kinds;
    }

    private static JsonKinds KindOf(SchemaPlace place, JsonElement name) => JsonKindsOf.TypeName(name) switch
    {
        JsonKinds.Any => throw place.Wrong(
            "type", "expected string, number, integer, boolean, null, array or object, or an array of these"),
        JsonKinds kind => kind,
    };

    private static CountRange Counts(SchemaPlace place, string least, string most) =>
        new(Count(place, least) ?? 0, Count(place, most));

    private static int? Count(SchemaPlace place, string keyword)
    {
        if (!place.TryGet(keyword, JsonValueKind.Number, out JsonElement value))
            return null;
        return value.TryGetDecimal(out decimal number) && number is >= 0 and < int.MaxValue
            && number == decimal.Truncate(number)
            ? (int)number
            : throw place.Wrong(keyword, $"expected a whole number of at least 0, got {value.GetRawText()}");
    }

    private static bool SpeaksOf(SchemaPlace place, params ReadOnlySpan<string> keywords)
    {
        foreach (string keyword in keywords)
        {
            if (place.Schema.TryGetProperty(keyword, out _))
                return true;
        }

        return false;
    }

    /// <summary>A schema to be looked at, and the one for the same value that led to it.</summary>
    private sealed record Pending(SchemaPlace Place, Pending? From)
    {
        /// <exception cref="GrammarException">It led to itself, or the way here is too long.</exception>
        public void RequireProgress()
        {
            int length = 0;
            for (Pending? before = From; before is not null; before = before.From)
            {
                if (before.Place.Pointer == Place.Pointer)
                {
                    throw new GrammarException(
                        Place.Pointer, $"{Place.Pointer} refers to itself for the same value, which has no end");
                }

                if (++length > GrammarBounds.SchemaDepth)
                {
                    throw new GrammarException(
                        Place.Pointer, $"{Place.Pointer}: references and unions are nested too deeply");
                }
            }
        }
    }
}
