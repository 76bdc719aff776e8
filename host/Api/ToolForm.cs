using System.Buffers;
using System.Text.Json;

namespace Glm5.Host.Api;

/// <summary>Tools of other APIs, written in the form that templates expect.</summary>
internal static class ToolForm
{
    /// <summary>Translates an array tool by tool; the result lives on its own.</summary>
    /// <param name="tools">The field's value.</param>
    /// <param name="expected">What a tool has, for messages.</param>
    /// <param name="write">Writes one tool from its fields.</param>
    public static JsonElement Translate(
        JsonElement tools, string expected, Action<Utf8JsonWriter, RequestFields> write)
    {
        if (tools.ValueKind != JsonValueKind.Array)
            throw RequestFields.Wrong("tools", "an array of tools", JsonWords.Show(tools));
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (Utf8JsonWriter json = JsonText.To(buffer))
        {
            json.WriteStartArray();
            int i = 0;
            foreach (JsonElement tool in tools.EnumerateArray())
            {
                string place = $"tools[{i++}]";
                if (tool.ValueKind != JsonValueKind.Object)
                    throw RequestFields.Wrong(place, expected, JsonWords.Show(tool));
                write(json, new RequestFields(tool, place));
            }

            json.WriteEndArray();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    /// <summary>Writes one function from the fields name and description, and its schema.</summary>
    /// <param name="json">Receives it.</param>
    /// <param name="tool">The fields.</param>
    /// <param name="schema">Of its arguments.</param>
    /// <param name="schemaName">The schema's field.</param>
    /// <param name="prefix">What its name has in front of it.</param>
    public static void WriteFunction(
        Utf8JsonWriter json, RequestFields tool, JsonElement? schema, string schemaName, string prefix = "")
    {
        string name = tool.RequiredText("name");
        if (string.IsNullOrWhiteSpace(name))
            throw RequestFields.Wrong(tool.PathOf("name"), "a name", "an empty string");
        if (schema is { ValueKind: not JsonValueKind.Object })
            throw tool.Wrong(schemaName, "a JSON schema, which is an object", schema.Value);
        json.WriteStartObject();
        json.WriteString(Names.Type, Names.Function);
        json.WriteStartObject(Names.Function);
        json.WriteString(Names.Name, prefix + name);
        if (tool.Text("description") is { } description)
            json.WriteString("description"u8, description);
        if (schema is not null)
        {
            json.WritePropertyName("parameters"u8);
            schema.Value.WriteTo(json);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
