using System.Text.Json;
using Glm5.Host.Cli.Flags;

namespace Glm5.Host.Api;

/// <summary>
/// Reads an object field by field, and in the end refuses what nobody asked for: no field is ever silently without
/// effect. A field that is null counts as absent.
/// </summary>
/// <param name="root">The object.</param>
/// <param name="path">Its place, for messages; empty at the top.</param>
internal sealed class RequestFields(JsonElement root, string path = "")
{
    private static readonly Dictionary<string, UnimplementedField> s_none = [];

    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    /// <summary>The field's place for messages: <c>stream_options.include_usage</c>.</summary>
    public string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";

    /// <summary>The value, marked as read; false when it is absent or null.</summary>
    public bool TryGet(string name, out JsonElement value)
    {
        _read.Add(name);
        return root.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
    }

    /// <summary>A field that must be there.</summary>
    public JsonElement Required(string name, string expected) =>
        TryGet(name, out JsonElement value)
            ? value
            : throw ApiException.Invalid(
                PathOf(name), $"{PathOf(name)} is missing; expected {expected}", "missing_field");

    /// <summary>A string that must be there.</summary>
    public string RequiredText(string name) =>
        Text(name) ?? throw ApiException.Invalid(
            PathOf(name), $"{PathOf(name)} is missing; expected a string", "missing_field");

    /// <summary>A string.</summary>
    public string? Text(string name)
    {
        if (!TryGet(name, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, "a string", value);
    }

    /// <summary>True or false.</summary>
    public bool? Flag(string name)
    {
        if (!TryGet(name, out JsonElement value))
            return null;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw Wrong(name, "true or false", value);
    }

    /// <summary>A whole number within bounds; <c>2.0</c> is one.</summary>
    public long? Whole(string name, long least, long most)
    {
        if (!TryGet(name, out JsonElement value))
            return null;
        return TryWhole(value, out long whole) && whole >= least && whole <= most
            ? whole
            : throw Wrong(name, Bounds("a whole number", least, most, most is int.MaxValue or long.MaxValue), value);
    }

    /// <summary>A number within bounds.</summary>
    public float? Number(string name, float least, float most)
    {
        if (!TryGet(name, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= least
            && number <= most
            ? (float)number
            : throw Wrong(name, Bounds("a number", least, most, most == float.MaxValue), value);
    }

    /// <summary>An object's own fields.</summary>
    public RequestFields? Nested(string name)
    {
        if (!TryGet(name, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.Object
            ? new RequestFields(value, PathOf(name))
            : throw Wrong(name, "an object", value);
    }

    /// <summary>The error for a field that holds something else.</summary>
    public ApiException Wrong(string name, string expected, JsonElement got) =>
        Wrong(PathOf(name), expected, JsonWords.Show(got));

    /// <summary>The same for any place.</summary>
    public static ApiException Wrong(string place, string expected, string got) =>
        ApiException.Invalid(place, $"{place}: expected {expected}, got {got}", "invalid_value");

    /// <summary>Refuses every field that was not read, by name; a known one that is not implemented as such.</summary>
    public void RequireAllRead() => RequireAllRead(path.Length == 0 ? UnimplementedFields.OfOpenAI : s_none);

    /// <summary>The same with the fields that another API knows at this place.</summary>
    public void RequireAllRead(IReadOnlyDictionary<string, UnimplementedField> unimplemented)
    {
        foreach (JsonProperty field in root.EnumerateObject())
        {
            if (_read.Contains(field.Name))
                continue;
            string place = PathOf(field.Name);
            if (!unimplemented.TryGetValue(field.Name, out UnimplementedField? known))
                throw Unknown(field.Name, unimplemented);

            if (!known.IsWithoutEffect(field.Value))
            {
                throw ApiException.NotImplemented(
                    place, $"{place}: {JsonWords.Show(field.Value)} is not implemented; {known.Advice}");
            }
        }
    }

    private ApiException Unknown(string name, IReadOnlyDictionary<string, UnimplementedField> unimplemented)
    {
        string[] known = [.. _read, .. unimplemented.Where(field => field.Value.Neutral is null).Select(field => field.Key)];
        string advice = EditDistance.Nearest(name, known) is { } near
            ? $"did you mean {near}?"
            : "leave it out, or correct its spelling";
        return new ApiException(
            StatusCodes.Status400BadRequest, $"{PathOf(name)} is not a field that this server knows; {advice}")
        {
            Param = PathOf(name),
            Code = "unknown_field",
            Known = known,
        };
    }

    /// <summary>A JSON number that is whole and fits.</summary>
    public static bool TryWhole(JsonElement value, out long whole)
    {
        whole = 0;
        if (value.ValueKind != JsonValueKind.Number)
            return false;
        if (value.TryGetInt64(out whole))
            return true;
        if (!value.TryGetDouble(out double number) || number != Math.Truncate(number) || Math.Abs(number) > 1L << 53)
            return false;
        whole = (long)number;
        return true;
    }

    private static string Bounds(string what, double least, double most, bool isOpen) =>
        isOpen ? $"{what} of at least {least}" : $"{what} from {least} to {most}";
}
