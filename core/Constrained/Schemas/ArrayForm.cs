using System.Text.Json;

namespace Glm5.Core.Constrained.Schemas;

/// <summary>What the items of an array are.</summary>
/// <param name="First">Schemas of the first items, each of which has its own.</param>
/// <param name="Others">Schemas of the items after them.</param>
/// <param name="IsOpen">False when a schema names the first items and says nothing of others: those are written only
/// where the least count asks for them.</param>
internal sealed record ArrayForm(
    IReadOnlyList<IReadOnlyList<SchemaPlace>> First, IReadOnlyList<SchemaPlace> Others, bool IsOpen)
{
    /// <summary>What all schemas of a shape say together.</summary>
    public static ArrayForm Of(SchemaShape shape)
    {
        var parts = new List<Part>();
        int named = 0;
        bool isOpen = true;
        foreach (SchemaPlace place in shape.Arrays)
        {
            var part = Part.Read(place);
            parts.Add(part);
            named = Math.Max(named, part.First.Count);
            isOpen &= part.Others is not null || part.First.Count == 0;
        }

        var first = new List<IReadOnlyList<SchemaPlace>>();
        for (int i = 0; i < named; i++)
            first.Add(Together(parts, i));
        return new ArrayForm(first, Together(parts, int.MaxValue), isOpen);
    }

    /// <summary>Schemas of one item.</summary>
    public IReadOnlyList<SchemaPlace> At(int index) => index < First.Count ? First[index] : Others;

    private static List<SchemaPlace> Together(List<Part> parts, int index)
    {
        var together = new List<SchemaPlace>();
        foreach (Part part in parts)
        {
            if (index < part.First.Count)
                together.Add(part.First[index]);
            else if (part.Others is { } others)
                together.Add(others);
        }

        return together;
    }

    /// <summary>One schema's words on items.</summary>
    private sealed record Part(List<SchemaPlace> First, SchemaPlace? Others)
    {
        /// <summary>Reads prefixItems and items, or the older items (an array) and additionalItems.</summary>
        public static Part Read(SchemaPlace place)
        {
            bool isOlder = place.Schema.TryGetProperty("items", out JsonElement items)
                && items.ValueKind == JsonValueKind.Array;
            string firstWord = isOlder ? "items" : "prefixItems", othersWord = isOlder ? "additionalItems" : "items";
            var first = new List<SchemaPlace>();
            if (place.TryGet(firstWord, JsonValueKind.Array, out JsonElement list))
            {
                SchemaPlace here = place.Member(firstWord, list);
                foreach (JsonElement item in list.EnumerateArray())
                    first.Add(here.Item(first.Count, item));
            }

            SchemaPlace? others = place.Schema.TryGetProperty(othersWord, out JsonElement schema)
                ? place.Member(othersWord, schema)
                : null;
            return new Part(first, others);
        }
    }
}
