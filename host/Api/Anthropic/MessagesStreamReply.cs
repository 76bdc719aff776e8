using System.Text.Json;
using Glm5.Core;
using Glm5.Core.Chat;
using Glm5.Core.Sampling;

namespace Glm5.Host.Api.Anthropic;

/// <summary>
/// A message as events: it starts, its blocks come one after the other, each opened, filled and closed, then the reason
/// why it ended with the usage, and its end.
/// </summary>
internal sealed class MessagesStreamReply(HttpContext http, MessageHead head) : ChatReply, IDisposable
{
    private static readonly JsonEncodedText s_messageStart = JsonEncodedText.Encode("message_start");
    private static readonly JsonEncodedText s_ping = JsonEncodedText.Encode("ping");
    private static readonly JsonEncodedText s_blockStart = JsonEncodedText.Encode("content_block_start");
    private static readonly JsonEncodedText s_blockDelta = JsonEncodedText.Encode("content_block_delta");
    private static readonly JsonEncodedText s_blockStop = JsonEncodedText.Encode("content_block_stop");
    private static readonly JsonEncodedText s_messageDelta = JsonEncodedText.Encode("message_delta");
    private static readonly JsonEncodedText s_messageStop = JsonEncodedText.Encode("message_stop");
    private static readonly JsonEncodedText s_error = JsonEncodedText.Encode("error");

    private readonly EventStream _events = new(http);
    private readonly CancellationToken _gone = http.RequestAborted;
    private AnswerBlock? _open;
    private int _index = -1;

    public void Dispose() => _events.Dispose();

    /// <inheritdoc/>
    public override ValueTask BeginAsync()
    {
        _events.Open();
        Utf8JsonWriter json = _events.Begin(s_messageStart);
        json.WriteStartObject(Names.Message);
        head.Write(json);
        json.WriteStartArray(Names.Content);
        json.WriteEndArray();
        head.WriteStop(json, null, hasEnded: false);
        head.WriteUsage(json);
        json.WriteEndObject();
        End(json);
        End(_events.Begin(s_ping));
        return _events.SendAsync(_gone);
    }

    /// <inheritdoc/>
    public override ValueTask ShowAsync(SampledToken token)
    {
        if (head.Turn.Answer.Shown.Count == 0)
            return ValueTask.CompletedTask;
        WriteShown();
        return _events.SendAsync(_gone);
    }

    /// <inheritdoc/>
    public override ValueTask PingAsync()
    {
        End(_events.Begin(s_ping));
        return _events.SendAsync(_gone);
    }

    /// <inheritdoc/>
    public override ValueTask EndAsync(FinishReason? finish)
    {
        WriteShown();
        CloseBlock();
        Utf8JsonWriter json = _events.Begin(s_messageDelta);
        json.WriteStartObject(Names.Delta);
        head.WriteStop(json, finish, hasEnded: true);
        json.WriteEndObject();
        head.WriteUsage(json);
        End(json);
        End(_events.Begin(s_messageStop));
        return _events.SendAsync(_gone);
    }

    /// <inheritdoc/>
    public override ValueTask FailAsync(ApiException error)
    {
        Utf8JsonWriter json = _events.Begin(s_error);
        json.WritePropertyName("error"u8);
        JsonSerializer.Serialize(json, MessagesError.Body(error), WireJson.Readable.MessagesErrorBody);
        End(json);
        return _events.SendAsync(_gone);
    }

    private void WriteShown()
    {
        foreach (OutputPart part in head.Turn.Answer.Shown)
        {
            if (_open is null || !_open.Takes(part))
            {
                CloseBlock();
                OpenBlock(part);
            }

            if (part.Kind != OutputKind.ToolCallName)
                WriteDelta(part.Kind, part.Text);
        }
    }

    private void OpenBlock(OutputPart first)
    {
        _open = new AnswerBlock(first);
        Utf8JsonWriter json = Begin(s_blockStart, ++_index);
        json.WriteStartObject("content_block"u8);
        switch (first.Kind)
        {
            case OutputKind.Reasoning:
                json.WriteString(Names.Type, Names.Thinking);
                json.WriteString(Names.Thinking, "");
                json.WriteString(Names.Signature, "");
                break;
            case OutputKind.Content:
                json.WriteString(Names.Type, Names.Text);
                json.WriteString(Names.Text, "");
                break;
            default:
                json.WriteString(Names.Type, "tool_use");
                json.WriteString(Names.Id, head.Turn.Answer.CallId(first.Call));
                json.WriteString(Names.Name, first.Text);
                json.WriteStartObject(Names.Input);
                json.WriteEndObject();
                break;
        }

        json.WriteEndObject();
        End(json);
    }

    private void WriteDelta(OutputKind kind, string text)
    {
        (JsonEncodedText type, JsonEncodedText name) = kind switch
        {
            OutputKind.Reasoning => (Names.ThinkingDelta, Names.Thinking),
            OutputKind.Content => (Names.TextDelta, Names.Text),
            _ => (Names.InputJsonDelta, Names.PartialJson),
        };
        WriteDelta(type, name, text);
    }

    private void WriteDelta(JsonEncodedText type, JsonEncodedText name, string text)
    {
        Utf8JsonWriter json = Begin(s_blockDelta, _index);
        json.WriteStartObject(Names.Delta);
        json.WriteString(Names.Type, type);
        json.WriteString(name, text);
        json.WriteEndObject();
        End(json);
    }

    private void CloseBlock()
    {
        if (_open is null)
            return;

        // Clients wait for it at the end of a thought; nothing is signed here.
        if (_open.Kind == OutputKind.Reasoning)
            WriteDelta(Names.SignatureDelta, Names.Signature, "");
        End(Begin(s_blockStop, _index));
        _open = null;
    }

    private Utf8JsonWriter Begin(JsonEncodedText type, int index)
    {
        Utf8JsonWriter json = _events.Begin(type);
        json.WriteNumber(Names.Index, index);
        return json;
    }

    private void End(Utf8JsonWriter json)
    {
        json.WriteEndObject();
        _events.End();
    }
}
