using System.Text.Json;

namespace Glm5.Host.Api;

/// <summary>Checks the tools that a chat offers and whether the model may call them.</summary>
internal static class ChatTools
{
    private const string Expected =
        "an object {\"type\": \"function\", \"function\": {\"name\": ..., \"parameters\": {...}}}";

    /// <summary>The tools to offer; null when there are none or tool_choice forbids them.</summary>
    public static JsonElement? Read(RequestFields fields)
    {
        bool isThere = fields.TryGet("tools", out JsonElement tools);
        if (isThere)
            Check(tools);
        bool offered = ToolChoice.Read(fields).MayCall;
        return isThere && offered && tools.GetArrayLength() > 0 ? tools : null;
    }

    private static void Check(JsonElement tools)
    {
        if (tools.ValueKind != JsonValueKind.Array)
            throw RequestFields.Wrong("tools", "an array of tools", JsonWords.Show(tools));
        int i = 0;
        foreach (JsonElement tool in tools.EnumerateArray())
        {
            string place = $"tools[{i++}]";
            if (tool.ValueKind != JsonValueKind.Object)
                throw RequestFields.Wrong(place, Expected, JsonWords.Show(tool));
            var fields = new RequestFields(tool, place);
            string? type = fields.Text("type");
            if (type is not (null or "function"))
            {
                throw ApiException.NotImplemented(
                    $"{place}.type", $"{place}.type '{type}' is not implemented; tools are functions");
            }

            RequestFields function = fields.Nested("function")
                ?? throw ApiException.Invalid(
                    $"{place}.function", $"{place}.function is missing; expected {Expected}", "missing_field");
            string? name = function.Text("name");
            if (string.IsNullOrWhiteSpace(name))
            {
                throw ApiException.Invalid(
                    $"{place}.function.name", $"{place}.function.name is missing; expected a string", "missing_field");
            }

            if (function.TryGet("parameters", out JsonElement parameters)
                && parameters.ValueKind != JsonValueKind.Object)
            {
                throw function.Wrong("parameters", "a JSON schema, which is an object", parameters);
            }

            _ = (function.Text("description"), function.Flag("strict"));
            function.RequireAllRead();
            fields.RequireAllRead();
        }
    }
}
