using System.Security.Cryptography;
using Glm5.Host.Serving;

namespace Glm5.Host.Api.Anthropic;

/// <summary>
/// <c>POST /v1/messages</c> and <c>/v1/messages/count_tokens</c>: Anthropic's shapes around the same conversation.
/// </summary>
internal static class MessagesEndpoint
{
    public static async Task AnswerAsync(HttpContext http)
    {
        AnswerTimes times = AnswerTimes.Begin(http);
        ReadyModel ready = Readiness.Require(http);
        using RequestBody body = await RequestBody.ReadAsync(http);
        ChatRequest request = MessagesRequest.Read(
            body.Root, http.RequestServices.GetRequiredService<ServedModel>(), ready);
        ChatPrompt prompt = ChatPrompt.Of(ready, request.Template);
        RequireRoom(prompt.Tokens.Length, request.Fields.MaxTokens!.Value, ready.Model.ContextLength);

        string id = $"msg_{RandomNumberGenerator.GetHexString(24, lowercase: true)}";
        using ChatTurn turn = ChatTurn.Begin(http, ready, request, prompt, id);
        var head = new MessageHead(id, request.Model, turn, ready);
        ChatReply reply = request.Fields.Stream
            ? new MessagesStreamReply(http, head)
            : new MessagesPlainReply(http, head);
        using var disposed = reply as IDisposable;
        await turn.AnswerAsync(reply, times);
    }

    public static async Task CountAsync(HttpContext http)
    {
        ReadyModel ready = Readiness.Require(http);
        using RequestBody body = await RequestBody.ReadAsync(http);
        ChatPrompt prompt = ChatPrompt.Of(
            ready, MessagesRequest.ReadCounted(body.Root, http.RequestServices.GetRequiredService<ServedModel>()));
        await http.Response.WriteAsJsonAsync(
            new CountAnswer(prompt.Tokens.Length), WireJson.Readable.CountAnswer);
    }

    // Agents read the figures out of these two sentences, and then shorten the conversation or ask for less.
    private static void RequireRoom(int prompt, int maxTokens, int context)
    {
        const string Code = "context_length_exceeded";
        if (prompt >= context)
        {
            throw ApiException.Invalid(
                "messages", $"prompt is too long: {prompt} tokens > {context - 1} maximum", Code);
        }

        if ((long)prompt + maxTokens > context)
        {
            throw ApiException.Invalid(
                "max_tokens",
                $"input length and `max_tokens` exceed context limit: {prompt} + {maxTokens} > {context}, decrease "
                + "input length or `max_tokens` and try again", Code);
        }
    }
}
