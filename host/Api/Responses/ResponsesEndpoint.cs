using System.Security.Cryptography;
using Glm5.Host.Serving;

namespace Glm5.Host.Api.Responses;

/// <summary><c>POST /v1/responses</c>: OpenAI's newer shapes around the same conversation. Nothing is stored.</summary>
internal static class ResponsesEndpoint
{
    public static async Task AnswerAsync(HttpContext http)
    {
        AnswerTimes times = AnswerTimes.Begin(http);
        ReadyModel ready = Readiness.Require(http);
        using RequestBody body = await RequestBody.ReadAsync(http);
        ChatRequest request = ResponsesRequest.Read(
            body.Root, http.RequestServices.GetRequiredService<ServedModel>(), ready);
        string id = $"resp_{RandomNumberGenerator.GetHexString(32, lowercase: true)}";
        using ChatTurn turn = ChatTurn.Begin(http, ready, request, ChatPrompt.Of(ready, request.Template), id);
        var response = new ResponseObject(id, times.Began, body.Root, request, turn.Answer);
        ChatReply reply = request.Fields.Stream
            ? new ResponsesStreamReply(http, response)
            : new ResponsesPlainReply(http, response);
        using var disposed = reply as IDisposable;
        await turn.AnswerAsync(reply, times);
    }
}
