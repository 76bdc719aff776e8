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
        using var choices = ChatChoices.Begin(http, ready, request, head.Id);
        if (!request.Fields.Stream)
        {
            var whole = new ChatPlainReply[choices.Count];
            await choices.AnswerAsync(
                choice => whole[choice] = new ChatPlainReply(http, head, choices, choice, request, ready, whole),
                request, head.Id, times);
            return;
        }

        using var events = new EventStream(http);
        events.Open();
        await choices.AnswerAsync(
            choice => new ChatStreamReply(events, head, choices, choice, request, ready, http.RequestAborted),
            request, head.Id, times);
    }
}
