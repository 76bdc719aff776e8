using System.Text.Json;

namespace Glm5.Host.Api;

/// <summary>Names of answers' fields, encoded once: chunks are written for every token.</summary>
internal static class Names
{
    public static readonly JsonEncodedText Id = JsonEncodedText.Encode("id");
    public static readonly JsonEncodedText Object = JsonEncodedText.Encode("object");
    public static readonly JsonEncodedText Created = JsonEncodedText.Encode("created");
    public static readonly JsonEncodedText Model = JsonEncodedText.Encode("model");
    public static readonly JsonEncodedText Choices = JsonEncodedText.Encode("choices");
    public static readonly JsonEncodedText Index = JsonEncodedText.Encode("index");
    public static readonly JsonEncodedText Delta = JsonEncodedText.Encode("delta");
    public static readonly JsonEncodedText Message = JsonEncodedText.Encode("message");
    public static readonly JsonEncodedText Role = JsonEncodedText.Encode("role");
    public static readonly JsonEncodedText Assistant = JsonEncodedText.Encode("assistant");
    public static readonly JsonEncodedText Content = JsonEncodedText.Encode("content");
    public static readonly JsonEncodedText Text = JsonEncodedText.Encode("text");
    public static readonly JsonEncodedText ReasoningContent = JsonEncodedText.Encode("reasoning_content");
    public static readonly JsonEncodedText Reasoning = JsonEncodedText.Encode("reasoning");
    public static readonly JsonEncodedText ToolCalls = JsonEncodedText.Encode("tool_calls");
    public static readonly JsonEncodedText Type = JsonEncodedText.Encode("type");
    public static readonly JsonEncodedText Function = JsonEncodedText.Encode("function");
    public static readonly JsonEncodedText Name = JsonEncodedText.Encode("name");
    public static readonly JsonEncodedText Arguments = JsonEncodedText.Encode("arguments");
    public static readonly JsonEncodedText FinishReason = JsonEncodedText.Encode("finish_reason");
    public static readonly JsonEncodedText StopReason = JsonEncodedText.Encode("stop_reason");
    public static readonly JsonEncodedText LogProbs = JsonEncodedText.Encode("logprobs");
    public static readonly JsonEncodedText TokenIds = JsonEncodedText.Encode("token_ids");
    public static readonly JsonEncodedText PromptTokenIds = JsonEncodedText.Encode("prompt_token_ids");
    public static readonly JsonEncodedText Usage = JsonEncodedText.Encode("usage");

    public static readonly JsonEncodedText Thinking = JsonEncodedText.Encode("thinking");
    public static readonly JsonEncodedText Signature = JsonEncodedText.Encode("signature");
    public static readonly JsonEncodedText Input = JsonEncodedText.Encode("input");
    public static readonly JsonEncodedText PartialJson = JsonEncodedText.Encode("partial_json");
    public static readonly JsonEncodedText TextDelta = JsonEncodedText.Encode("text_delta");
    public static readonly JsonEncodedText ThinkingDelta = JsonEncodedText.Encode("thinking_delta");
    public static readonly JsonEncodedText SignatureDelta = JsonEncodedText.Encode("signature_delta");
    public static readonly JsonEncodedText InputJsonDelta = JsonEncodedText.Encode("input_json_delta");

    public static readonly JsonEncodedText Status = JsonEncodedText.Encode("status");
    public static readonly JsonEncodedText Response = JsonEncodedText.Encode("response");
    public static readonly JsonEncodedText Item = JsonEncodedText.Encode("item");
    public static readonly JsonEncodedText ItemId = JsonEncodedText.Encode("item_id");
    public static readonly JsonEncodedText OutputIndex = JsonEncodedText.Encode("output_index");
    public static readonly JsonEncodedText ContentIndex = JsonEncodedText.Encode("content_index");
    public static readonly JsonEncodedText Part = JsonEncodedText.Encode("part");
    public static readonly JsonEncodedText SequenceNumber = JsonEncodedText.Encode("sequence_number");

    /// <summary>Writes token ids as an array.</summary>
    public static void WriteIds(Utf8JsonWriter json, JsonEncodedText name, ReadOnlySpan<int> ids)
    {
        json.WriteStartArray(name);
        foreach (int id in ids)
            json.WriteNumberValue(id);
        json.WriteEndArray();
    }
}
