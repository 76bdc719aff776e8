using System.Text.Json;
using Glm5.Core;
using Glm5.Host.Serving;

namespace Glm5.Host.Api.Anthropic;

/// <summary>What a message and its first event have alike, and how it says why it ended.</summary>
internal sealed record MessageHead(string Id, string Model, ChatTurn Turn, ReadyModel Ready)
{
    /// <summary>Writes id, type, role and model into an open object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteString(Names.Id, Id);
        json.WriteString(Names.Type, Names.Message);
        json.WriteString(Names.Role, Names.Assistant);
        json.WriteString(Names.Model, Model);
    }

    /// <summary>Writes <c>stop_reason</c> and <c>stop_sequence</c>; null for an answer that goes on.</summary>
    public void WriteStop(Utf8JsonWriter json, FinishReason? finish, bool hasEnded)
    {
        string? stop = hasEnded ? Turn.Answer.StopReason(Ready).Text : null;
        string? reason = !hasEnded ? null : Turn.Answer.Reason(finish) switch
        {
            "length" => "max_tokens",
            "tool_calls" => "tool_use",
            _ => stop is null ? "end_turn" : "stop_sequence",
        };
        json.WriteString(Names.StopReason, reason);
        json.WriteString("stop_sequence"u8, reason == "stop_sequence" ? stop : null);
    }

    /// <summary>
    /// Writes <c>usage</c>. What was found in the prefix cache is no input here, and is known with the first token
    /// only.
    /// </summary>
    public void WriteUsage(Utf8JsonWriter json)
    {
        Usage usage = Turn.Answer.Usage;
        json.WriteStartObject(Names.Usage);
        json.WriteNumber("input_tokens"u8, usage.Prompt - usage.Cached);
        json.WriteNumber("cache_creation_input_tokens"u8, 0);
        json.WriteNumber("cache_read_input_tokens"u8, usage.Cached);
        json.WriteNumber("output_tokens"u8, usage.Completion);
        json.WriteEndObject();
    }
}
