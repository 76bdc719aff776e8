using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary><c>POST /v1/chat/completions</c>: check, render, encode, submit, and pass every token on.</summary>
internal static class ChatEndpoint
{
    public static async Task AnswerAsync(HttpContext http)
    {
        AnswerTimes times = AnswerTimes.Begin(http);
        ReadyModel ready = Readiness.Require(http);
        using RequestBody body = await RequestBody.ReadAsync(http);
        ChatRequest request = ChatRequest.Read(
            body.Root, http.RequestServices.GetRequiredService<ServedModel>(), ready);
        var head = new AnswerHead("chatcmpl", request.Model, times.Began);
        using ChatTurn turn = ChatTurn.Begin(http, ready, request, ChatPrompt.Of(ready, request.Template), head.Id);
        var log = new TokenLog(
            ready.Model.Tokenizer, request.Fields.ReturnTokenIds, request.Fields.Sampling.LogProbs is not null);
        ChatReply reply = request.Fields.Stream
            ? new ChatStreamReply(http, head, turn.Answer, request, ready, turn.Prompt, log)
            : new ChatPlainReply(http, head, turn.Answer, request, ready, turn.Prompt, log);
        using var disposed = reply as IDisposable;
        await turn.AnswerAsync(reply, times);
    }
}
