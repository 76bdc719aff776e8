using System.Text;
using System.Text.Json;
using Glm5.Core;
using Glm5.Core.Chat;
using Glm5.Core.Sampling;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>A chat's answer as one object, written when it has ended.</summary>
/// <param name="http">The request.</param>
/// <param name="head">What every answer begins with.</param>
/// <param name="choices">All answers.</param>
/// <param name="choice">Which of them this collects; the one that ends last writes all.</param>
/// <param name="request">What was asked.</param>
/// <param name="ready">The model.</param>
/// <param name="all">[choices] their replies.</param>
internal sealed class ChatPlainReply(
    HttpContext http, AnswerHead head, ChatChoices choices, int choice, ChatRequest request, ReadyModel ready,
    ChatPlainReply[] all)
    : ChatReply
{
    private static readonly JsonEncodedText s_kind = JsonEncodedText.Encode("chat.completion");

    private readonly ChatAnswer _answer = choices.Answer(choice);
    private readonly TokenLog _log = TokenLog.Of(ready, request.Fields);
    private readonly StringBuilder _content = new();
    private readonly StringBuilder _reasoning = new();
    private readonly List<(string Name, StringBuilder Arguments)> _calls = [];
    private string _reason = "";

    /// <inheritdoc/>
    public override ValueTask BeginAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public override ValueTask ShowAsync(SampledToken token)
    {
        _log.Add(token);
        Collect();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override ValueTask EndAsync(FinishReason? finish)
    {
        Collect();
        _reason = _answer.Reason(finish);
        return choices.WriteAsync(() => choices.EndOne() ? SendAsync() : ValueTask.CompletedTask);
    }

    /// <inheritdoc/>
    public override ValueTask FailAsync(ApiException error) => throw error;

    private async ValueTask SendAsync()
    {
        http.Response.ContentType = "application/json; charset=utf-8";
        using (Utf8JsonWriter json = JsonText.To(http.Response.BodyWriter))
        {
            Write(json);
        }

        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    private void Collect()
    {
        foreach (OutputPart part in _answer.Shown)
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

    private void Write(Utf8JsonWriter json)
    {
        head.Write(json, s_kind);
        json.WriteStartArray(Names.Choices);
        foreach (ChatPlainReply reply in all)
            reply.WriteChoice(json);
        json.WriteEndArray();
        if (request.Fields.ReturnTokenIds)
            Names.WriteIds(json, Names.PromptTokenIds, choices.Prompt);
        if (request.Fields.PromptLogProbs is { } top)
            PromptLog.Write(json, choices.PromptScores, top, ready.Model.Tokenizer);
        choices.Usage.Write(json);
        json.WriteEndObject();
    }

    private void WriteChoice(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber(Names.Index, choice);
        WriteMessage(json);
        if (request.Fields.Sampling.LogProbs is null)
            json.WriteNull(Names.LogProbs);
        _log.Write(json);
        json.WriteString(Names.FinishReason, _reason);
        StopReason.Write(json, _answer.StopReason(ready));
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
            json.WriteString(Names.Id, _answer.CallId(c));
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
