using System.Text.Json;
using Glm5.Core;
using Glm5.Core.Chat;

namespace Glm5.Host.Api.Responses;

/// <summary>The object <c>response</c> of one answer: what was asked, how far it is, and its items.</summary>
/// <param name="id">The response's id.</param>
/// <param name="created">When the request came.</param>
/// <param name="asked">The request's body, parts of which are repeated; it must live as long as this.</param>
/// <param name="request">The request as it was read.</param>
/// <param name="answer">The answer.</param>
internal sealed class ResponseObject(
    string id, DateTimeOffset created, JsonElement asked, ChatRequest request, ChatAnswer answer)
{
    private readonly List<ResponseItem> _items = [];

    /// <summary>The answer.</summary>
    public ChatAnswer Answer => answer;

    /// <summary>The items so far; the last one may be open.</summary>
    public IReadOnlyList<ResponseItem> Items => _items;

    /// <summary>Adds a part to the last item, or to a new one; true when it began one.</summary>
    public bool Add(OutputPart part)
    {
        bool begins = _items.Count == 0 || !_items[^1].Block.Takes(part);
        if (begins)
        {
            var block = new AnswerBlock(part);
            (string? space, string name) = ResponsesTools.Split(asked, block.Name);
            _items.Add(new ResponseItem(block, part.Call >= 0 ? Answer.CallId(part.Call) : null, space, name));
        }

        _items[^1].Block.Add(part);
        return begins;
    }

    /// <summary>How it ended, in the API's word.</summary>
    public string StatusOf(FinishReason? finish) => Answer.Reason(finish) == "length" ? "incomplete" : "completed";

    /// <summary>Writes it.</summary>
    /// <param name="json">Receives the object.</param>
    /// <param name="status">in_progress, completed, incomplete or failed.</param>
    /// <param name="error">Why it failed; null otherwise.</param>
    public void Write(Utf8JsonWriter json, string status, ApiException? error = null)
    {
        bool hasEnded = status != "in_progress";
        json.WriteStartObject();
        json.WriteString(Names.Id, id);
        json.WriteString(Names.Object, Names.Response);
        json.WriteNumber("created_at"u8, created.ToUnixTimeSeconds());
        json.WriteString(Names.Status, status);
        WriteError(json, error);
        WriteIncomplete(json, status);
        json.WriteString(Names.Model, request.Model);
        json.WriteStartArray("output"u8);
        for (int i = 0; hasEnded && i < _items.Count; i++)
            _items[i].Write(json, i == _items.Count - 1 && status != "completed" ? "incomplete" : "completed");
        json.WriteEndArray();
        WriteAsked(json);
        if (hasEnded)
            WriteUsage(json);
        else
            json.WriteNull(Names.Usage);
        json.WriteEndObject();
    }

    private static void WriteError(Utf8JsonWriter json, ApiException? error)
    {
        if (error is null)
        {
            json.WriteNull("error"u8);
            return;
        }

        json.WriteStartObject("error"u8);
        json.WriteString("code"u8, error.Code ?? "server_error");
        json.WriteString(Names.Message, error.Message);
        json.WriteEndObject();
    }

    private static void WriteIncomplete(Utf8JsonWriter json, string status)
    {
        if (status != "incomplete")
        {
            json.WriteNull("incomplete_details"u8);
            return;
        }

        json.WriteStartObject("incomplete_details"u8);
        json.WriteString("reason"u8, "max_output_tokens"u8);
        json.WriteEndObject();
    }

    private void WriteAsked(Utf8JsonWriter json)
    {
        SamplingParameters sampling = request.Fields.Sampling;
        Repeat(json, "instructions", "null");
        Repeat(json, "max_output_tokens", "null");
        Repeat(json, "metadata", "{}");
        Repeat(json, "reasoning", "{\"effort\":null,\"summary\":null}");
        Repeat(json, "text", "{\"format\":{\"type\":\"text\"}}");
        Repeat(json, "tool_choice", "\"auto\"");
        Repeat(json, "tools", "[]");
        json.WriteBoolean("parallel_tool_calls"u8, request.ParallelToolCalls);
        json.WriteNumber("temperature"u8, sampling.Temperature);
        json.WriteNumber("top_p"u8, sampling.TopP);
        json.WriteNull("previous_response_id"u8);
        json.WriteBoolean("background"u8, false);
        json.WriteBoolean("store"u8, false);
        json.WriteString("truncation"u8, "disabled"u8);
    }

    private void Repeat(Utf8JsonWriter json, string name, string standard)
    {
        json.WritePropertyName(name);
        if (asked.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null)
            value.WriteTo(json);
        else
            json.WriteRawValue(standard, skipInputValidation: true);
    }

    private void WriteUsage(Utf8JsonWriter json)
    {
        Usage usage = Answer.Usage;
        json.WriteStartObject(Names.Usage);
        json.WriteNumber("input_tokens"u8, usage.Prompt);
        json.WriteStartObject("input_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, usage.Cached);
        json.WriteEndObject();
        json.WriteNumber("output_tokens"u8, usage.Completion);
        json.WriteStartObject("output_tokens_details"u8);
        json.WriteNumber("reasoning_tokens"u8, Answer.ReasoningTokens);
        json.WriteEndObject();
        json.WriteNumber("total_tokens"u8, usage.Prompt + usage.Completion);
        json.WriteEndObject();
    }
}
