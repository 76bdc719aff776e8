using System.Text;
using System.Text.Json;

namespace Glm5.Host.Api;

/// <summary>
/// A turn of the assistant's earlier in the conversation, put together from the parts in which an API sends it back.
/// Texts are joined as they were given out, so that the prompt repeats the answer to the letter.
/// </summary>
internal sealed class AssistantTurn
{
    private readonly StringBuilder _reasoning = new();
    private readonly StringBuilder _text = new();
    private readonly List<(string Id, string Name, JsonElement Arguments)> _calls = [];

    /// <summary>Adds what the assistant thought.</summary>
    public void Reason(string text) => _reasoning.Append(text);

    /// <summary>Adds what it said.</summary>
    public void Say(string text) => _text.Append(text);

    /// <summary>Adds a call; the arguments are an object.</summary>
    public void Call(string id, string name, JsonElement arguments) => _calls.Add((id, name, arguments));

    /// <summary>Writes it as one message in the form that templates expect.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString(Names.Role, Names.Assistant);
        json.WriteString(Names.Content, _text.ToString());
        if (_reasoning.Length > 0)
            json.WriteString(Names.ReasoningContent, _reasoning.ToString());
        if (_calls.Count > 0)
            WriteCalls(json);
        json.WriteEndObject();
    }

    private void WriteCalls(Utf8JsonWriter json)
    {
        json.WriteStartArray(Names.ToolCalls);
        foreach ((string id, string name, JsonElement arguments) in _calls)
        {
            json.WriteStartObject();
            json.WriteString(Names.Id, id);
            json.WriteString(Names.Type, Names.Function);
            json.WriteStartObject(Names.Function);
            json.WriteString(Names.Name, name);
            json.WritePropertyName(Names.Arguments);
            arguments.WriteTo(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
