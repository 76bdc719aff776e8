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
    EventStream events, AnswerHead head, ChatChoices choices, int choice, ChatRequest request, ReadyModel ready,
    CancellationToken gone)
    : ChatReply
{
    private static readonly JsonEncodedText s_kind = JsonEncodedText.Encode("chat.completion.chunk");

    private readonly ChatAnswer _answer = choices.Answer(choice);
    private readonly TokenLog _log = TokenLog.Of(ready, request.Fields);
    private readonly ChunkForm _form = new(head, s_kind, choice, request.Fields.IncludeUsage);
    private Func<ValueTask>? _show;

    /// <inheritdoc/>
    public override ValueTask BeginAsync() => choices.WriteAsync(() =>
    {
        Utf8JsonWriter json = BeginChunk();
        json.WriteString(Names.Role, Names.Assistant);
        json.WriteString(Names.Content, "");
        EndChunk(json, null, withPrompt: request.Fields.ReturnTokenIds && choice == 0);
        return events.SendAsync(gone);
    });

    /// <inheritdoc/>
    public override ValueTask ShowAsync(SampledToken token)
    {
        _log.Add(token);
        return choices.WriteAsync(_show ??= () =>
        {
            WriteShown();
            return events.SendWhenDueAsync(_answer.HasNext, gone);
        });
    }

    /// <inheritdoc/>
    public override ValueTask PingAsync() => choices.WriteAsync(() => events.PingAsync(gone));

    /// <inheritdoc/>
    public override ValueTask EndAsync(FinishReason? finish) => choices.WriteAsync(() =>
    {
        WriteShown();
        EndChunk(BeginChunk(), _answer.Reason(finish), withPrompt: false);
        if (!choices.EndOne())
            return events.SendAsync(gone);
        if (request.Fields.IncludeUsage)
            WriteUsage();
        return events.CloseAsync(gone);
    });

    /// <inheritdoc/>
    public override ValueTask FailAsync(ApiException error) => choices.WriteAsync(() =>
    {
        choices.Fail();
        return events.FailAsync(error, gone);
    });

    private void WriteShown()
    {
        foreach (OutputPart part in _answer.Shown)
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
        part.Kind is OutputKind.Content or OutputKind.Reasoning && !_log.IsPending && !request.Fields.ContinuousUsage;

    private void WriteText(in OutputPart part)
    {
        if (part.Kind == OutputKind.Content)
            _form.Write(events.Output, part.Text, Names.Content);
        else
            _form.Write(events.Output, part.Text, Names.ReasoningContent, Names.Reasoning);
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
            json.WriteString(Names.Id, _answer.CallId(part.Call));
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
        Utf8JsonWriter json = events.Begin();
        head.Write(json, s_kind);
        json.WriteStartArray(Names.Choices);
        json.WriteStartObject();
        json.WriteNumber(Names.Index, choice);
        json.WriteStartObject(Names.Delta);
        return json;
    }

    private void EndChunk(Utf8JsonWriter json, string? reason, bool withPrompt)
    {
        json.WriteEndObject();
        if (_log.IsPending)
            _log.Write(json);
        _log.Clear();
        json.WriteString(Names.FinishReason, reason);
        if (reason is not null)
            StopReason.Write(json, _answer.StopReason(ready));
        json.WriteEndObject();
        json.WriteEndArray();
        if (withPrompt)
            Names.WriteIds(json, Names.PromptTokenIds, choices.Prompt);
        if (request.Fields.ContinuousUsage)
            choices.Usage.Write(json);
        else if (request.Fields.IncludeUsage)
            json.WriteNull(Names.Usage);
        json.WriteEndObject();
        events.End();
    }

    private void WriteUsage()
    {
        Utf8JsonWriter json = events.Begin();
        head.Write(json, s_kind);
        json.WriteStartArray(Names.Choices);
        json.WriteEndArray();
        choices.Usage.Write(json);
        json.WriteEndObject();
        events.End();
    }
}
