using System.Text.Json;
using Glm5.Core;
using Glm5.Core.Chat;
using Glm5.Core.Sampling;

namespace Glm5.Host.Api.Anthropic;

/// <summary>A message as one object, written when it has ended.</summary>
internal sealed class MessagesPlainReply(HttpContext http, MessageHead head) : ChatReply
{
    private readonly List<AnswerBlock> _blocks = [];

    /// <inheritdoc/>
    public override ValueTask BeginAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public override ValueTask ShowAsync(SampledToken token)
    {
        AnswerBlock.Collect(head.Turn.Answer.Shown, _blocks);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override async ValueTask EndAsync(FinishReason? finish)
    {
        AnswerBlock.Collect(head.Turn.Answer.Shown, _blocks);
        http.Response.ContentType = "application/json; charset=utf-8";
        using (Utf8JsonWriter json = JsonText.To(http.Response.BodyWriter))
        {
            json.WriteStartObject();
            head.Write(json);
            json.WriteStartArray(Names.Content);
            foreach (AnswerBlock block in _blocks)
                WriteBlock(json, block);
            json.WriteEndArray();
            head.WriteStop(json, finish, hasEnded: true);
            head.WriteUsage(json);
            json.WriteEndObject();
        }

        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    /// <inheritdoc/>
    public override ValueTask FailAsync(ApiException error) => throw error;

    private void WriteBlock(Utf8JsonWriter json, AnswerBlock block)
    {
        json.WriteStartObject();
        switch (block.Kind)
        {
            case OutputKind.Reasoning:
                json.WriteString(Names.Type, Names.Thinking);
                json.WriteString(Names.Thinking, block.Text.ToString());
                json.WriteString(Names.Signature, "");
                break;
            case OutputKind.Content:
                json.WriteString(Names.Type, Names.Text);
                json.WriteString(Names.Text, block.Text.ToString());
                break;
            default:
                json.WriteString(Names.Type, "tool_use");
                json.WriteString(Names.Id, head.Turn.Answer.CallId(block.Call));
                json.WriteString(Names.Name, block.Name);
                json.WritePropertyName(Names.Input);
                json.WriteRawValue(block.Text.ToString(), skipInputValidation: true);
                break;
        }

        json.WriteEndObject();
    }
}
