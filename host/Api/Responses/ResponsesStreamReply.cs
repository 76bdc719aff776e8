using System.Text.Json;
using Glm5.Core;
using Glm5.Core.Chat;
using Glm5.Core.Sampling;

namespace Glm5.Host.Api.Responses;

/// <summary>
/// A response as numbered events: created, then each item added, its part added, filled and done, and the item done;
/// last the whole response once more.
/// </summary>
internal sealed class ResponsesStreamReply(HttpContext http, ResponseObject response) : ChatReply, IDisposable
{
    private static readonly JsonEncodedText s_created = JsonEncodedText.Encode("response.created");
    private static readonly JsonEncodedText s_inProgress = JsonEncodedText.Encode("response.in_progress");
    private static readonly JsonEncodedText s_completed = JsonEncodedText.Encode("response.completed");
    private static readonly JsonEncodedText s_incomplete = JsonEncodedText.Encode("response.incomplete");
    private static readonly JsonEncodedText s_failed = JsonEncodedText.Encode("response.failed");
    private static readonly JsonEncodedText s_itemAdded = JsonEncodedText.Encode("response.output_item.added");
    private static readonly JsonEncodedText s_itemDone = JsonEncodedText.Encode("response.output_item.done");
    private static readonly JsonEncodedText s_partAdded = JsonEncodedText.Encode("response.content_part.added");
    private static readonly JsonEncodedText s_partDone = JsonEncodedText.Encode("response.content_part.done");
    private static readonly JsonEncodedText s_textDelta = JsonEncodedText.Encode("response.output_text.delta");
    private static readonly JsonEncodedText s_textDone = JsonEncodedText.Encode("response.output_text.done");
    private static readonly JsonEncodedText s_reasoningDelta = JsonEncodedText.Encode("response.reasoning_text.delta");
    private static readonly JsonEncodedText s_reasoningDone = JsonEncodedText.Encode("response.reasoning_text.done");
    private static readonly JsonEncodedText s_argumentsDelta =
        JsonEncodedText.Encode("response.function_call_arguments.delta");
    private static readonly JsonEncodedText s_argumentsDone =
        JsonEncodedText.Encode("response.function_call_arguments.done");

    private readonly EventStream _events = new(http);
    private readonly CancellationToken _gone = http.RequestAborted;
    private int _sent;

    public void Dispose() => _events.Dispose();

    /// <inheritdoc/>
    public override ValueTask BeginAsync()
    {
        _events.Open();
        WriteResponse(s_created, "in_progress");
        WriteResponse(s_inProgress, "in_progress");
        return _events.SendAsync(_gone);
    }

    /// <inheritdoc/>
    public override ValueTask ShowAsync(SampledToken token)
    {
        if (response.Answer.Shown.Count == 0)
            return ValueTask.CompletedTask;
        WriteShown();
        return _events.SendAsync(_gone);
    }

    /// <inheritdoc/>
    public override ValueTask PingAsync() => _events.PingAsync(_gone);

    /// <inheritdoc/>
    public override ValueTask EndAsync(FinishReason? finish)
    {
        WriteShown();
        string status = response.StatusOf(finish);
        CloseItem(status);
        WriteResponse(status == "completed" ? s_completed : s_incomplete, status);
        return _events.SendAsync(_gone);
    }

    /// <inheritdoc/>
    public override ValueTask FailAsync(ApiException error)
    {
        WriteResponse(s_failed, "failed", error);
        return _events.SendAsync(_gone);
    }

    private void WriteShown()
    {
        foreach (OutputPart part in response.Answer.Shown)
        {
            if (response.Items.Count > 0 && !response.Items[^1].Block.Takes(part))
                CloseItem("completed");
            if (response.Add(part))
                OpenItem();
            if (part.Kind != OutputKind.ToolCallName)
                WriteDelta(part);
        }
    }

    private void OpenItem()
    {
        ResponseItem item = response.Items[^1];
        Utf8JsonWriter json = Begin(s_itemAdded);
        json.WriteNumber(Names.OutputIndex, response.Items.Count - 1);
        json.WritePropertyName(Names.Item);
        item.WriteOpen(json);
        End(json);
        if (item.Block.Kind != OutputKind.ToolCallName)
            WritePart(s_partAdded, item, "");
    }

    private void WriteDelta(OutputPart part)
    {
        JsonEncodedText type = part.Kind switch
        {
            OutputKind.Reasoning => s_reasoningDelta,
            OutputKind.Content => s_textDelta,
            _ => s_argumentsDelta,
        };
        WriteText(type, Names.Delta, part.Text);
    }

    private void CloseItem(string status)
    {
        if (response.Items.Count == 0)
            return;
        ResponseItem item = response.Items[^1];
        string text = item.Block.Text.ToString();
        switch (item.Block.Kind)
        {
            case OutputKind.Reasoning:
                WriteText(s_reasoningDone, Names.Text, text);
                WritePart(s_partDone, item, text);
                break;
            case OutputKind.Content:
                WriteText(s_textDone, Names.Text, text);
                WritePart(s_partDone, item, text);
                break;
            default:
                WriteText(s_argumentsDone, Names.Arguments, text);
                break;
        }

        Utf8JsonWriter json = Begin(s_itemDone);
        json.WriteNumber(Names.OutputIndex, response.Items.Count - 1);
        json.WritePropertyName(Names.Item);
        item.Write(json, status);
        End(json);
    }

    private void WriteText(JsonEncodedText type, JsonEncodedText name, string text)
    {
        ResponseItem item = response.Items[^1];
        Utf8JsonWriter json = BeginOfItem(type, item);
        if (item.Block.Kind != OutputKind.ToolCallName)
            json.WriteNumber(Names.ContentIndex, 0);
        else if (name.Equals(Names.Arguments))
            json.WriteString(Names.Name, item.Name);
        json.WriteString(name, text);
        if (item.Block.Kind == OutputKind.Content)
        {
            json.WriteStartArray(Names.LogProbs);
            json.WriteEndArray();
        }

        End(json);
    }

    private void WritePart(JsonEncodedText type, ResponseItem item, string text)
    {
        Utf8JsonWriter json = BeginOfItem(type, item);
        json.WriteNumber(Names.ContentIndex, 0);
        json.WritePropertyName(Names.Part);
        item.WritePart(json, text);
        End(json);
    }

    private void WriteResponse(JsonEncodedText type, string status, ApiException? error = null)
    {
        Utf8JsonWriter json = Begin(type);
        json.WritePropertyName(Names.Response);
        response.Write(json, status, error);
        End(json);
    }

    private Utf8JsonWriter BeginOfItem(JsonEncodedText type, ResponseItem item)
    {
        Utf8JsonWriter json = Begin(type);
        json.WriteString(Names.ItemId, item.Id);
        json.WriteNumber(Names.OutputIndex, response.Items.Count - 1);
        return json;
    }

    private Utf8JsonWriter Begin(JsonEncodedText type)
    {
        Utf8JsonWriter json = _events.Begin(type);
        json.WriteNumber(Names.SequenceNumber, _sent++);
        return json;
    }

    private void End(Utf8JsonWriter json)
    {
        json.WriteEndObject();
        _events.End();
    }
}
