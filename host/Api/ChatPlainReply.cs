using System.Text;
using System.Text.Json;
using Glm5.Core;
using Glm5.Core.Chat;
using Glm5.Core.Sampling;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>A chat's answer as one object, written when it has ended.</summary>
internal sealed class ChatPlainReply(
    HttpContext http, AnswerHead head, ChatAnswer answer, ChatRequest request, ReadyModel ready, int[] prompt,
    TokenLog log)
    : ChatReply
{
    private static readonly JsonEncodedText s_kind = JsonEncodedText.Encode("chat.completion");

    private readonly StringBuilder _content = new();
    private readonly StringBuilder _reasoning = new();
    private readonly List<(string Name, StringBuilder Arguments)> _calls = [];

    /// <inheritdoc/>
    public override ValueTask BeginAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public override ValueTask ShowAsync(SampledToken token)
    {
        log.Add(token);
        Collect();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override async ValueTask EndAsync(FinishReason? finish)
    {
        Collect();
        http.Response.ContentType = "application/json; charset=utf-8";
        using (Utf8JsonWriter json = JsonText.To(http.Response.BodyWriter))
        {
            Write(json, answer.Reason(finish));
        }

        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    /// <inheritdoc/>
    public override ValueTask FailAsync(ApiException error) => throw error;

    private void Collect()
    {
        foreach (OutputPart part in answer.Shown)
        {
            switch (part.Kind)
            {
                case OutputKind.Content:
                    _content.Append(part.Text);
                    break;
                case OutputKind.Reasoning:
                    _reasoning.Append(part.Text);
                    break;
                case OutputKind.ToolCallName:
                    _calls.Add((part.Text, new StringBuilder()));
                    break;
                default:
                    _calls[part.Call].Arguments.Append(part.Text);
                    break;
            }
        }
    }

    private void Write(Utf8JsonWriter json, string reason)
    {
        head.Write(json, s_kind);
        json.WriteStartArray(Names.Choices);
        json.WriteStartObject();
        json.WriteNumber(Names.Index, 0);
        WriteMessage(json);
        if (request.Fields.Sampling.LogProbs is null)
            json.WriteNull(Names.LogProbs);
        log.Write(json);
        json.WriteString(Names.FinishReason, reason);
        StopReason.Write(json, answer.StopReason(ready));
        json.WriteEndObject();
        json.WriteEndArray();
        if (request.Fields.ReturnTokenIds)
            Names.WriteIds(json, Names.PromptTokenIds, prompt);
        answer.Usage.Write(json);
        json.WriteEndObject();
    }

    private void WriteMessage(Utf8JsonWriter json)
    {
        json.WriteStartObject(Names.Message);
        json.WriteString(Names.Role, Names.Assistant);
        if (_content.Length == 0 && _calls.Count > 0)
            json.WriteNull(Names.Content);
        else
            json.WriteString(Names.Content, _content.ToString());
        if (_reasoning.Length > 0)
        {
            json.WriteString(Names.ReasoningContent, _reasoning.ToString());
            json.WriteString(Names.Reasoning, _reasoning.ToString());
        }

        if (_calls.Count > 0)
            WriteCalls(json);
        json.WriteEndObject();
    }

    private void WriteCalls(Utf8JsonWriter json)
    {
        json.WriteStartArray(Names.ToolCalls);
        for (int c = 0; c < _calls.Count; c++)
        {
            json.WriteStartObject();
            json.WriteString(Names.Id, answer.CallId(c));
            json.WriteString(Names.Type, Names.Function);
            json.WriteStartObject(Names.Function);
            json.WriteString(Names.Name, _calls[c].Name);
            json.WriteString(Names.Arguments, _calls[c].Arguments.ToString());
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
