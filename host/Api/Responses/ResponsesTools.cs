using System.Text.Json;

namespace Glm5.Host.Api.Responses;

/// <summary>
/// The tools of a response: functions, namespaces of functions, and those that OpenAI's servers run. A function of a namespace is
/// offered to the model as <c>namespace.name</c>, and its calls are given out under both names again. Agents offer
/// <c>web_search</c> unasked; there is none here, so the model is not told of it.
/// </summary>
internal static class ResponsesTools
{
    private const char Separator = '.';

    /// <summary>The functions to offer, in the form of templates; null when there are none or tool_choice forbids them.</summary>
    public static JsonElement? Read(RequestFields fields)
    {
        JsonElement? offered = fields.TryGet("tools", out JsonElement tools)
            ? ToolForm.Translate(tools, "an object with type, name and parameters", Write)
            : null;
        return ToolChoice.Read(fields).MayCall && offered?.GetArrayLength() > 0 ? offered : null;
    }

    /// <summary>What the model calls a function of a namespace.</summary>
    public static string Join(string? space, string name) => space is null ? name : $"{space}{Separator}{name}";

    /// <summary>The namespace and name of what the model called, by the tools as they were asked for; no namespace for others.</summary>
    public static (string? Space, string Name) Split(JsonElement asked, string called)
    {
        if (!asked.TryGetProperty("tools", out JsonElement tools) || tools.ValueKind != JsonValueKind.Array)
            return (null, called);
        foreach (JsonElement tool in tools.EnumerateArray())
        {
            if (!IsNamespace(tool) || tool.GetProperty("name"u8).GetString() is not { } space)
                continue;
            if (called.Length > space.Length && called[space.Length] == Separator && called.StartsWith(space, StringComparison.Ordinal))
                return (space, called[(space.Length + 1)..]);
        }

        return (null, called);
    }

    private static bool IsNamespace(JsonElement tool) => tool.TryGetProperty("type"u8, out JsonElement type) && type.ValueEquals("namespace"u8);

    private static void Write(Utf8JsonWriter json, RequestFields tool)
    {
        string type = tool.RequiredText("type");
        switch (type)
        {
            case "function":
                WriteFunction(json, tool, space: null);
                break;
            case "namespace":
                WriteNamespace(json, tool);
                break;
            case "web_search" or "web_search_preview":
                break;
            default:
                throw ApiException.NotImplemented(
                    tool.PathOf("type"), $"{tool.PathOf("type")} '{type}' is not implemented; tools are functions, and namespaces of them");
        }
    }

    private static void WriteNamespace(Utf8JsonWriter json, RequestFields tool)
    {
        string space = tool.RequiredText("name");
        _ = tool.Text("description");
        JsonElement functions = tool.Required("tools", "an array of functions");
        if (functions.ValueKind != JsonValueKind.Array)
            throw tool.Wrong("tools", "an array of functions", functions);
        tool.RequireAllRead(ResponsesFields.None);
        int i = 0;
        foreach (JsonElement function in functions.EnumerateArray())
        {
            string place = $"{tool.PathOf("tools")}[{i++}]";
            if (function.ValueKind != JsonValueKind.Object)
                throw RequestFields.Wrong(place, "an object with type, name and parameters", JsonWords.Show(function));
            var fields = new RequestFields(function, place);
            if (fields.RequiredText("type") is not "function" and var type)
                throw ApiException.NotImplemented(fields.PathOf("type"), $"{fields.PathOf("type")} '{type}' is not implemented; namespaces hold functions");
            WriteFunction(json, fields, space);
        }
    }

    private static void WriteFunction(Utf8JsonWriter json, RequestFields tool, string? space)
    {
        ToolForm.WriteFunction(
            json, tool, tool.TryGet("parameters", out JsonElement schema) ? schema : null, "parameters", space is null ? "" : $"{space}{Separator}");
        tool.Flag("strict");
        tool.RequireAllRead(ResponsesFields.OfTool);
    }
}
