using System.Text.Json;

namespace Glm5.Host.Api;

/// <summary>Tokens of a request, as the API counts them.</summary>
/// <param name="Prompt">Tokens of the prompt.</param>
/// <param name="Cached">Those of the prompt whose rows the prefix cache had.</param>
/// <param name="Completion">Tokens of the answer, its end included.</param>
/// <param name="Reasoning">Those of the answer that were reasoning; null where reasoning is not told apart.</param>
internal readonly record struct Usage(int Prompt, int Cached, int Completion, int? Reasoning)
{
    /// <summary>Writes it as field <c>usage</c>.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject(Names.Usage);
        json.WriteNumber("prompt_tokens"u8, Prompt);
        json.WriteNumber("completion_tokens"u8, Completion);
        json.WriteNumber("total_tokens"u8, Prompt + Completion);
        json.WriteStartObject("prompt_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, Cached);
        json.WriteEndObject();
        if (Reasoning is { } reasoning)
        {
            json.WriteStartObject("completion_tokens_details"u8);
            json.WriteNumber("reasoning_tokens"u8, reasoning);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
