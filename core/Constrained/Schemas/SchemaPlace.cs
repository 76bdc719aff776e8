using System.Text.Json;

namespace Glm5.Core.Constrained.Schemas;

/// <summary>A schema and where it stands.</summary>
/// <param name="Schema">The schema.</param>
/// <param name="Pointer">Its place in the whole: <c>#/properties/age</c>.</param>
internal readonly record struct SchemaPlace(JsonElement Schema, string Pointer)
{
    /// <summary>A member of it.</summary>
    public SchemaPlace Member(string name, JsonElement value)
    {
        string step = name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
        return new SchemaPlace(value, $"{Pointer}/{step}");
    }

    /// <summary>An item of it.</summary>
    public SchemaPlace Item(int index, JsonElement value) => new(value, $"{Pointer}/{index}");

    /// <summary>The error for a keyword here.</summary>
    public GrammarException Wrong(string keyword, string sentence) =>
        new($"{Pointer}/{keyword}", $"{Pointer}/{keyword}: {sentence}");

    /// <summary>A keyword of a kind; false when it is absent.</summary>
    /// <exception cref="GrammarException">It is of another kind.</exception>
    public bool TryGet(string keyword, JsonValueKind kind, out JsonElement value)
    {
        if (!Schema.TryGetProperty(keyword, out value))
            return false;
        return value.ValueKind == kind
            ? true
            : throw Wrong(keyword, $"expected JSON of the kind {kind}, got {value.ValueKind}");
    }

    /// <summary>Follows a reference in the schema around: <c>#</c> or <c>#/$defs/node</c>.</summary>
    /// <exception cref="GrammarException">It leads out of the schema, or nowhere.</exception>
    public SchemaPlace Resolve(JsonElement root, string reference)
    {
        if (reference is not ['#', .. string pointer] || (pointer.Length > 0 && pointer[0] != '/'))
        {
            throw Wrong("$ref", $"'{reference}' is not implemented; references are pointers into the same schema, such as "
                + "#/$defs/name");
        }

        var target = new SchemaPlace(root, "#");
        foreach (string escaped in pointer.Length == 0 ? [] : pointer[1..].Split('/'))
        {
            string step = Uri.UnescapeDataString(escaped).Replace("~1", "/", StringComparison.Ordinal)
                .Replace("~0", "~", StringComparison.Ordinal);
            target = target.Enter(step) ?? throw Wrong("$ref", $"'{reference}' names nothing in the schema");
        }

        return target;
    }

    private SchemaPlace? Enter(string step)
    {
        if (Schema.ValueKind == JsonValueKind.Object)
            return Schema.TryGetProperty(step, out JsonElement member) ? Member(step, member) : null;
        bool isItem = Schema.ValueKind == JsonValueKind.Array && int.TryParse(step, out int index) && index >= 0
            && index < Schema.GetArrayLength();
        return isItem ? Item(int.Parse(step), Schema[int.Parse(step)]) : null;
    }
}
