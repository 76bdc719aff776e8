using System.Collections.Immutable;
using Glm5.Core;
using Glm5.Core.Chat;
using Glm5.Core.Sampling;
using Glm5.Core.Tokenization;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary><c>POST /v1/chat/completions</c>: check, render, encode, submit, and pass every token on.</summary>
internal static class ChatEndpoint
{
    public static async Task AnswerAsync(HttpContext http)
    {
        IServiceProvider services = http.RequestServices;
        AnswerTimes times = AnswerTimes.Begin(http);
        ReadyModel ready = Readiness.Require(http);
        using RequestBody body = await RequestBody.ReadAsync(http);
        ChatRequest request = ChatRequest.Read(body.Root, services.GetRequiredService<ServedModel>(), ready);
        PromptText text = Render(ready, request.Template);
        int[] prompt = ready.Model.Tokenizer!.Encode(text);
        using Generation generation = Submit(ready, request.Fields, prompt);

        var head = new AnswerHead("chatcmpl", request.Model, times.Began);
        http.Response.Headers["x-request-id"] = head.Id;
        var answer = new ChatAnswer(
            ready, request, generation, startsInReasoning: text.Text.EndsWith("<think>", StringComparison.Ordinal));
        var log = new TokenLog(
            ready.Model.Tokenizer, request.Fields.ReturnTokenIds, request.Fields.Sampling.LogProbs is not null);
        ChatReply reply = request.Fields.Stream
            ? new ChatStreamReply(http, head, answer, request, ready, prompt, log)
            : new ChatPlainReply(http, head, answer, request, ready, prompt, log);
        using var disposed = reply as IDisposable;
        string reason = "error";
        try
        {
            reason = await PassOnAsync(http, generation, answer, reply, times);
        }
        finally
        {
            times.Ended(head.Id, prompt.Length, answer.Tokens, reason);
        }
    }

    /// <summary>The prompt of a conversation.</summary>
    /// <exception cref="ApiException">This model takes no chats.</exception>
    public static PromptText Render(ReadyModel ready, ChatTemplateInput input)
    {
        if (ready.Model.Tokenizer is null)
        {
            throw ApiException.Invalid(
                "messages", "this server serves token ids without a tokenizer; send prompt as ids to /v1/completions");
        }

        if (ready.Model.Template is null)
            throw ApiException.Invalid("messages", "this model has no chat template; send a prompt to /v1/completions");
        return ready.Model.Template.Render(input);
    }

    private static Generation Submit(ReadyModel ready, SamplingFields fields, int[] prompt)
    {
        try
        {
            return ready.Engine.Submit(fields.ToRequest(prompt.ToImmutableArray()));
        }
        catch (RequestRefusedException refused) when (refused.Field == "prompt")
        {
            throw ApiException.Invalid("messages", refused.Message, ErrorAnswers.CodeOf(refused));
        }
    }

    private static async Task<string> PassOnAsync(
        HttpContext http, Generation generation, ChatAnswer answer, ChatReply reply, AnswerTimes times)
    {
        try
        {
            await reply.BeginAsync();
            await foreach (SampledToken token in generation.ReadAllAsync(http.RequestAborted))
            {
                times.Token();
                answer.Take(token);
                await reply.ShowAsync(token);
                if (answer.HasEnded)
                    break;
            }

            answer.Finish();
            if (generation.Finish == FinishReason.Cancelled && !answer.HasEnded)
            {
                throw ApiException.Unavailable(
                    "the server stopped before the answer was complete", TimeSpan.FromSeconds(10));
            }

            await reply.EndAsync(generation.Finish);
            return answer.Reason(generation.Finish);
        }
        catch (Exception exception) when (http.RequestAborted.IsCancellationRequested
            && exception is OperationCanceledException or IOException)
        {
            return "disconnected";
        }
        catch (Exception exception) when (http.Response.HasStarted)
        {
            await reply.FailAsync(ErrorAnswers.AsApi(exception, ErrorAnswers.Logger(http)));
            return "error";
        }
    }
}
