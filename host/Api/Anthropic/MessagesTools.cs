using System.Text.Json;

namespace Glm5.Host.Api.Anthropic;

/// <summary>Checks the tools of a request and writes them in the form that templates expect.</summary>
internal static class MessagesTools
{
    /// <summary>The tools to offer; null when there are none or tool_choice forbids them.</summary>
    public static JsonElement? Read(RequestFields fields)
    {
        bool isThere = fields.TryGet("tools", out JsonElement tools);
        JsonElement? offered = isThere
            ? ToolForm.Translate(tools, "an object with name and input_schema", WriteTool)
            : null;
        return ToolChoice.ReadAnthropic(fields).MayCall && offered?.GetArrayLength() > 0 ? offered : null;
    }

    /// <summary>Whether an answer may call several tools.</summary>
    public static bool ReadParallel(RequestFields fields) =>
        !(fields.Nested("tool_choice")?.Flag("disable_parallel_tool_use") ?? false);

    private static void WriteTool(Utf8JsonWriter json, RequestFields tool)
    {
        string type = tool.Text("type") ?? "custom";
        if (type != "custom")
        {
            throw ApiException.NotImplemented(
                tool.PathOf("type"),
                $"{tool.PathOf("type")} '{type}' is a tool of Anthropic's servers and not implemented; define a tool "
                + "with name and input_schema");
        }

        ToolForm.WriteFunction(
            json, tool, tool.Required("input_schema", "a JSON schema, which is an object"), "input_schema");
        tool.Flag("strict");
        tool.RequireAllRead(MessagesFields.OfTool);
    }
}
