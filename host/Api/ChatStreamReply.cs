using System.Text.Json;
using Glm5.Core;
using Glm5.Core.Chat;
using Glm5.Core.Sampling;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>
/// A chat's answer as chunks: role first, then each part as it comes, then the reason, then usage where it was asked
/// for.
/// </summary>
internal sealed class ChatStreamReply(
    HttpContext http, AnswerHead head, ChatAnswer answer, ChatRequest request, ReadyModel ready, int[] prompt,
    TokenLog log)
    : ChatReply, IDisposable
{
    private static readonly JsonEncodedText s_kind = JsonEncodedText.Encode("chat.completion.chunk");

    private readonly EventStream _events = new(http);
    private readonly ChunkForm _form = new(head, s_kind, request.Fields.IncludeUsage);
    private readonly CancellationToken _gone = http.RequestAborted;

    public void Dispose() => _events.Dispose();

    /// <inheritdoc/>
    public override ValueTask BeginAsync()
    {
        _events.Open();
        Utf8JsonWriter json = BeginChunk();
        json.WriteString(Names.Role, Names.Assistant);
        json.WriteString(Names.Content, "");
        EndChunk(json, null, withPrompt: request.Fields.ReturnTokenIds);
        return _events.SendAsync(_gone);
    }

    /// <inheritdoc/>
    public override ValueTask ShowAsync(SampledToken token)
    {
        log.Add(token);
        WriteShown();
        return _events.SendWhenDueAsync(answer.HasNext, _gone);
    }

    /// <inheritdoc/>
    public override ValueTask PingAsync() => _events.PingAsync(_gone);

    /// <inheritdoc/>
    public override ValueTask EndAsync(FinishReason? finish)
    {
        WriteShown();
        EndChunk(BeginChunk(), answer.Reason(finish), withPrompt: false);
        if (request.Fields.IncludeUsage)
            WriteUsage();
        return _events.CloseAsync(_gone);
    }

    /// <inheritdoc/>
    public override ValueTask FailAsync(ApiException error) => _events.FailAsync(error, _gone);

    private void WriteShown()
    {
        foreach (OutputPart part in answer.Shown)
        {
            if (HasTheForm(part))
            {
                WriteText(part);
                continue;
            }

            Utf8JsonWriter json = BeginChunk();
            WritePart(json, part);
            EndChunk(json, null, withPrompt: false);
        }
    }

    private bool HasTheForm(in OutputPart part) =>
        part.Kind is OutputKind.Content or OutputKind.Reasoning && !log.IsPending && !request.Fields.ContinuousUsage;

    private void WriteText(in OutputPart part)
    {
        if (part.Kind == OutputKind.Content)
            _form.Write(_events.Output, part.Text, Names.Content);
        else
            _form.Write(_events.Output, part.Text, Names.ReasoningContent, Names.Reasoning);
    }

    private void WritePart(Utf8JsonWriter json, OutputPart part)
    {
        switch (part.Kind)
        {
            case OutputKind.Content:
                json.WriteString(Names.Content, part.Text);
                break;
            case OutputKind.Reasoning:
                json.WriteString(Names.ReasoningContent, part.Text);
                json.WriteString(Names.Reasoning, part.Text);
                break;
            default:
                WriteCall(json, part);
                break;
        }
    }

    private void WriteCall(Utf8JsonWriter json, OutputPart part)
    {
        bool begins = part.Kind == OutputKind.ToolCallName;
        json.WriteStartArray(Names.ToolCalls);
        json.WriteStartObject();
        json.WriteNumber(Names.Index, part.Call);
        if (begins)
        {
            json.WriteString(Names.Id, answer.CallId(part.Call));
            json.WriteString(Names.Type, Names.Function);
        }

        json.WriteStartObject(Names.Function);
        if (begins)
            json.WriteString(Names.Name, part.Text);
        json.WriteString(Names.Arguments, begins ? "" : part.Text);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private Utf8JsonWriter BeginChunk()
    {
        Utf8JsonWriter json = _events.Begin();
        head.Write(json, s_kind);
        json.WriteStartArray(Names.Choices);
        json.WriteStartObject();
        json.WriteNumber(Names.Index, 0);
        json.WriteStartObject(Names.Delta);
        return json;
    }

    private void EndChunk(Utf8JsonWriter json, string? reason, bool withPrompt)
    {
        json.WriteEndObject();
        if (log.IsPending)
            log.Write(json);
        log.Clear();
        json.WriteString(Names.FinishReason, reason);
        if (reason is not null)
            StopReason.Write(json, answer.StopReason(ready));
        json.WriteEndObject();
        json.WriteEndArray();
        if (withPrompt)
            Names.WriteIds(json, Names.PromptTokenIds, prompt);
        if (request.Fields.ContinuousUsage)
            answer.Usage.Write(json);
        else if (request.Fields.IncludeUsage)
            json.WriteNull(Names.Usage);
        json.WriteEndObject();
        _events.End();
    }

    private void WriteUsage()
    {
        Utf8JsonWriter json = _events.Begin();
        head.Write(json, s_kind);
        json.WriteStartArray(Names.Choices);
        json.WriteEndArray();
        answer.Usage.Write(json);
        json.WriteEndObject();
        _events.End();
    }
}
