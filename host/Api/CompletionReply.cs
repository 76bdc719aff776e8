using System.Text;
using System.Text.Json;
using Glm5.Core;

namespace Glm5.Host.Api;

/// <summary>
/// How completions leave. Several prompts are answered at once, so parts come from several tasks, one at a time.
/// </summary>
internal abstract class CompletionReply
{
    /// <summary>Every prompt was taken; tokens will come.</summary>
    public virtual void Begin()
    {
    }

    /// <summary>A token of a choice came, with the text it adds.</summary>
    public abstract ValueTask ShowAsync(int choice, string text);

    /// <summary>A choice ended, with the text that was held back.</summary>
    public abstract ValueTask EndChoiceAsync(int choice, string text, FinishReason? finish);

    /// <summary>Nothing came for long; says so where the connection could be given up.</summary>
    public virtual ValueTask PingAsync() => ValueTask.CompletedTask;

    /// <summary>Every choice ended.</summary>
    public abstract ValueTask EndAsync();

    /// <summary>The answer cannot be completed.</summary>
    public abstract ValueTask FailAsync(ApiException error);
}

/// <summary>Completions as chunks.</summary>
internal sealed class CompletionStreamReply(
    HttpContext http, AnswerHead head, CompletionRequest request, CompletionAnswer[] answers)
    : CompletionReply, IDisposable
{
    private readonly EventStream _events = new(http);
    private readonly CancellationToken _gone = http.RequestAborted;
    private readonly bool[] _began = new bool[answers.Length];

    public void Dispose() => _events.Dispose();

    /// <inheritdoc/>
    public override void Begin() => _events.Open();

    /// <inheritdoc/>
    public override ValueTask ShowAsync(int choice, string text)
    {
        if (text.Length == 0 && !(request.Fields.ReturnTokenIds && answers[choice].HasTokens))
            return ValueTask.CompletedTask;
        Write(choice, text, null);
        return _events.SendAsync(_gone);
    }

    /// <inheritdoc/>
    public override ValueTask EndChoiceAsync(int choice, string text, FinishReason? finish)
    {
        Write(choice, text, answers[choice].Reason(finish));
        return _events.SendAsync(_gone);
    }

    /// <inheritdoc/>
    public override ValueTask PingAsync() => _events.PingAsync(_gone);

    /// <inheritdoc/>
    public override ValueTask EndAsync()
    {
        if (!request.Fields.IncludeUsage)
            return _events.CloseAsync(_gone);
        Utf8JsonWriter json = _events.Begin();
        head.Write(json, CompletionEndpoint.Kind);
        json.WriteStartArray(Names.Choices);
        json.WriteEndArray();
        CompletionEndpoint.UsageOf(request, answers).Write(json);
        json.WriteEndObject();
        _events.End();
        return _events.CloseAsync(_gone);
    }

    /// <inheritdoc/>
    public override ValueTask FailAsync(ApiException error) => _events.FailAsync(error, _gone);

    private void Write(int choice, string text, string? reason)
    {
        Utf8JsonWriter json = _events.Begin();
        head.Write(json, CompletionEndpoint.Kind);
        json.WriteStartArray(Names.Choices);
        json.WriteStartObject();
        json.WriteNumber(Names.Index, choice);
        json.WriteString(Names.Text, text);
        answers[choice].WriteRest(json, reason);
        if (request.Fields.ReturnTokenIds && !_began[choice])
            Names.WriteIds(json, Names.PromptTokenIds, request.Prompts[choice / request.ChoicesPerPrompt]);
        _began[choice] = true;
        json.WriteEndObject();
        json.WriteEndArray();
        if (request.Fields.ContinuousUsage)
            CompletionEndpoint.UsageOf(request, answers).Write(json);
        else if (request.Fields.IncludeUsage)
            json.WriteNull(Names.Usage);
        json.WriteEndObject();
        _events.End();
    }
}

/// <summary>Completions as one object, written when all have ended.</summary>
internal sealed class CompletionPlainReply(
    HttpContext http, AnswerHead head, CompletionRequest request, CompletionAnswer[] answers)
    : CompletionReply
{
    private readonly StringBuilder[] _texts = [.. answers.Select(_ => new StringBuilder())];
    private readonly FinishReason?[] _finishes = new FinishReason?[answers.Length];

    /// <inheritdoc/>
    public override ValueTask ShowAsync(int choice, string text)
    {
        _texts[choice].Append(text);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override ValueTask EndChoiceAsync(int choice, string text, FinishReason? finish)
    {
        _texts[choice].Append(text);
        _finishes[choice] = finish;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override async ValueTask EndAsync()
    {
        http.Response.ContentType = "application/json; charset=utf-8";
        using (Utf8JsonWriter json = JsonText.To(http.Response.BodyWriter))
        {
            Write(json);
        }

        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    /// <inheritdoc/>
    public override ValueTask FailAsync(ApiException error) => throw error;

    private void Write(Utf8JsonWriter json)
    {
        head.Write(json, CompletionEndpoint.Kind);
        json.WriteStartArray(Names.Choices);
        for (int choice = 0; choice < answers.Length; choice++)
        {
            json.WriteStartObject();
            json.WriteNumber(Names.Index, choice);
            json.WriteString(Names.Text, _texts[choice].ToString());
            answers[choice].WriteRest(json, answers[choice].Reason(_finishes[choice]));
            if (request.Fields.ReturnTokenIds)
                Names.WriteIds(json, Names.PromptTokenIds, request.Prompts[choice / request.ChoicesPerPrompt]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        CompletionEndpoint.UsageOf(request, answers).Write(json);
        json.WriteEndObject();
    }
}
