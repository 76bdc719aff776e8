using System.Buffers;
using System.Text.Json;

namespace Glm5.Host.Api.Anthropic;

/// <summary>Checks the tools of a request and writes them in the form that templates expect.</summary>
internal static class MessagesTools
{
    /// <summary>The tools to offer; null when there are none or tool_choice forbids them.</summary>
    public static JsonElement? Read(RequestFields fields)
    {
        bool isThere = fields.TryGet("tools", out JsonElement tools);
        if (isThere && tools.ValueKind != JsonValueKind.Array)
            throw fields.Wrong("tools", "an array of tools", tools);
        JsonElement? offered = isThere && tools.GetArrayLength() > 0 ? Translate(tools) : null;
        return MayCall(fields) ? offered : null;
    }

    /// <summary>Whether an answer may call several tools.</summary>
    public static bool ReadParallel(RequestFields fields) =>
        !(fields.Nested("tool_choice")?.Flag("disable_parallel_tool_use") ?? false);

    private static JsonElement Translate(JsonElement tools)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (Utf8JsonWriter json = JsonText.To(buffer))
        {
            json.WriteStartArray();
            int i = 0;
            foreach (JsonElement tool in tools.EnumerateArray())
                WriteTool(json, tool, $"tools[{i++}]");
            json.WriteEndArray();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static void WriteTool(Utf8JsonWriter json, JsonElement tool, string place)
    {
        if (tool.ValueKind != JsonValueKind.Object)
            throw RequestFields.Wrong(place, "an object with name and input_schema", JsonWords.Show(tool));
        var fields = new RequestFields(tool, place);
        string type = fields.Text("type") ?? "custom";
        if (type != "custom")
        {
            throw ApiException.NotImplemented(
                $"{place}.type", $"{place}.type '{type}' is a tool of Anthropic's servers and not implemented; define a "
                + "tool with name and input_schema");
        }

        string name = fields.RequiredText("name");
        if (string.IsNullOrWhiteSpace(name))
            throw RequestFields.Wrong($"{place}.name", "a name", "an empty string");
        JsonElement schema = fields.Required("input_schema", "a JSON schema, which is an object");
        if (schema.ValueKind != JsonValueKind.Object)
            throw fields.Wrong("input_schema", "a JSON schema, which is an object", schema);
        json.WriteStartObject();
        json.WriteString(Names.Type, Names.Function);
        json.WriteStartObject(Names.Function);
        json.WriteString(Names.Name, name);
        if (fields.Text("description") is { } description)
            json.WriteString("description", description);
        json.WritePropertyName("parameters");
        schema.WriteTo(json);
        json.WriteEndObject();
        json.WriteEndObject();
        fields.RequireAllRead(MessagesFields.OfTool);
    }

    private static bool MayCall(RequestFields fields)
    {
        RequestFields? choice = fields.Nested("tool_choice");
        if (choice is null)
            return true;
        string type = choice.RequiredText("type");
        choice.Flag("disable_parallel_tool_use");
        if (type is "any" or "tool")
        {
            throw ApiException.NotImplemented(
                "tool_choice.type",
                $"tool_choice of type \"{type}\" is not implemented; calls cannot be forced here yet: use \"auto\" or "
                + "\"none\"");
        }

        choice.RequireAllRead();
        return type switch
        {
            "auto" => true,
            "none" => false,
            _ => throw RequestFields.Wrong("tool_choice.type", "\"auto\" or \"none\"", $"\"{type}\""),
        };
    }
}
