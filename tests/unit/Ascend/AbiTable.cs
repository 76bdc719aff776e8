using System.Text.Json;

namespace Glm5.Tests.Unit.Ascend;

/// <summary>The facts of CANN's headers (tests/data/cann/abi.json): functions, enums, struct layouts, codes.</summary>
internal sealed class AbiTable
{
    private static readonly Lazy<AbiTable> s_shared = new(Read);

    private readonly Dictionary<string, JsonElement> _functions = new(StringComparer.Ordinal);
    private readonly JsonElement _root;

    private AbiTable(JsonElement root)
    {
        _root = root;
        foreach (JsonElement function in root.GetProperty("functions").EnumerateArray())
            _functions[function.GetProperty("name").GetString()!] = function;
    }

    public static AbiTable Shared => s_shared.Value;

    /// <summary>A function's declaration; null when the table does not hold it.</summary>
    public AbiFunction? Function(string name) => _functions.TryGetValue(name, out JsonElement f)
        ? new AbiFunction(
            f.GetProperty("returns").GetString()!,
            [.. f.GetProperty("params").EnumerateArray().Select(p => new AbiParameter(
                p.GetProperty("name").GetString()!, p.GetProperty("type").GetString()!, p.GetProperty("by").GetString()!))])
        : null;

    /// <summary>The value of an enum's member; null when the table does not hold it.</summary>
    public int? EnumValue(string type, string member) =>
        _root.GetProperty("enums").TryGetProperty(type, out JsonElement values) && values.TryGetProperty(member, out JsonElement value)
            ? value.GetInt32()
            : null;

    public bool HasEnum(string type) => _root.GetProperty("enums").TryGetProperty(type, out _);

    public bool IsOpaque(string type) => _root.GetProperty("opaque").TryGetProperty(type, out _);

    /// <summary>A struct's size and the offset and size of each field; null when the table does not hold it.</summary>
    public (int Size, (string Name, int Offset, int Size)[] Fields)? Struct(string name) =>
        _root.GetProperty("structs").TryGetProperty(name, out JsonElement s)
            ? (s.GetProperty("size").GetInt32(), [.. s.GetProperty("fields").EnumerateArray().Select(f => (
                f.GetProperty("name").GetString()!, f.GetProperty("offset").GetInt32(), f.GetProperty("size").GetInt32()))])
            : null;

    /// <summary>Every code of a family with its name and meaning.</summary>
    public IEnumerable<(int Code, string Name, string Meaning)> Codes(string family) =>
        _root.GetProperty("error_codes").GetProperty(family).EnumerateArray().Select(e => (
            e.GetProperty("value").GetInt32(), e.GetProperty("name").GetString()!, e.GetProperty("meaning").GetString()!));

    private static AbiTable Read()
    {
        string file = Path.Combine(RepositoryFiles.Root, "tests", "data", "cann", "abi.json");
        return new AbiTable(JsonDocument.Parse(File.ReadAllText(file)).RootElement);
    }
}

internal sealed record AbiFunction(string Returns, AbiParameter[] Parameters);

internal sealed record AbiParameter(string Name, string Type, string By);
