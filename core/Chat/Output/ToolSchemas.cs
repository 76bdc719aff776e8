using System.Text.Json;

namespace Glm5.Core.Chat.Output;

/// <summary>
/// The parameter schemas of a request's tools by function name. Reads the chat form
/// <c>{"type": "function", "function": {"name", "parameters"}}</c> and the flat forms, whose schema may be called
/// <c>input_schema</c>. What has another shape is no tool.
/// </summary>
internal sealed class ToolSchemas
{
    private readonly Dictionary<string, JsonElement> _parameters = new(StringComparer.Ordinal);

    public ToolSchemas(JsonElement tools)
    {
        if (tools.ValueKind != JsonValueKind.Array)
            return;

        foreach (JsonElement tool in tools.EnumerateArray())
        {
            try
            {
                Add(tool);
            }
            catch (InvalidOperationException)
            {
                // A string with half a surrogate pair (\ud800) is JSON, but no name can be made of it.
            }
        }
    }

    /// <summary>Schemas by function name; undefined where a tool has none.</summary>
    public IReadOnlyDictionary<string, JsonElement> Parameters => _parameters;

    public bool Declares(string function) => _parameters.ContainsKey(function);

    /// <summary>True when the name of a function begins so or is that.</summary>
    public bool DeclaresFrom(string beginning)
    {
        foreach (string function in _parameters.Keys)
        {
            if (function.StartsWith(beginning, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    /// <summary>What the schema says of an argument; unknown where there is none.</summary>
    public ArgumentType TypeOf(string function, string argument) =>
        _parameters.TryGetValue(function, out JsonElement parameters)
            ? SchemaReader.TypeOf(parameters, argument)
            : ArgumentType.Unknown;

    private void Add(JsonElement tool)
    {
        if (tool.ValueKind != JsonValueKind.Object)
            return;
        JsonElement function = tool;
        if (tool.TryGetProperty("function", out JsonElement nested) && nested.ValueKind == JsonValueKind.Object)
            function = nested;
        if (!function.TryGetProperty("name", out JsonElement name) || name.ValueKind != JsonValueKind.String)
            return;
        if (!function.TryGetProperty("parameters", out JsonElement parameters))
            function.TryGetProperty("input_schema", out parameters);
        _parameters[name.GetString()!] = parameters;
    }
}
