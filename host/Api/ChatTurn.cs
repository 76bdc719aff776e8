using System.Collections.Immutable;
using Glm5.Core;
using Glm5.Core.Sampling;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>
/// One conversation being continued, whichever API asked: submitted to the engine, its tokens passed to the answer and
/// on to the reply, which alone knows the API's shapes.
/// </summary>
internal sealed class ChatTurn : IDisposable
{
    private readonly HttpContext _http;
    private readonly Generation _generation;
    private readonly string _id;

    private ChatTurn(HttpContext http, string id, Generation generation, ChatPrompt prompt, ChatAnswer answer) =>
        (_http, _id, _generation, Prompt, Answer) = (http, id, generation, prompt.Tokens, answer);

    /// <summary>Ids of the prompt.</summary>
    public int[] Prompt { get; }

    /// <summary>The answer so far.</summary>
    public ChatAnswer Answer { get; }

    /// <summary>Submits a conversation; <paramref name="id"/> is the answer's, also sent as a header.</summary>
    /// <exception cref="ApiException">It can never be served.</exception>
    /// <exception cref="EngineBusyException">The queue is full.</exception>
    public static ChatTurn Begin(
        HttpContext http, ReadyModel ready, ChatRequest request, ChatPrompt prompt, string id, int choice = 0,
        ChatTurn? first = null)
    {
        Generation generation = Submit(ready, request.Fields, prompt, choice, first?._generation);
        http.Response.Headers["x-request-id"] = id;
        var answer = new ChatAnswer(ready, request, generation, prompt.StartsInReasoning);
        return new ChatTurn(http, id, generation, prompt, answer);
    }

    /// <summary>Passes every token on until the answer has ended, and records when they came.</summary>
    public async Task AnswerAsync(ChatReply reply, AnswerTimes times)
    {
        string reason = "error";
        try
        {
            reason = await PassOnAsync(reply, times);
        }
        finally
        {
            times.Ended(_id, Prompt.Length, Answer.Tokens, reason);
        }
    }

    /// <summary>Frees the sequence, wherever it is.</summary>
    public void Dispose() => _generation.Dispose();

    private static Generation Submit(
        ReadyModel ready, SamplingFields fields, ChatPrompt prompt, int choice, Generation? first)
    {
        // Reasoning has no form; the form is the answer's.
        int? thinkEnd = prompt.StartsInReasoning ? ready.Model.Tokenizer?.AddedTokenId("</think>") : null;
        int? call = ready.Model.Tokenizer?.AddedTokenId("<tool_call>");
        try
        {
            GenerationRequest request = fields.ToRequest(prompt.Tokens.ToImmutableArray(), thinkEnd, call);
            return ready.Engine.Submit(SamplingFields.ForChoice(request, choice, first));
        }
        catch (RequestRefusedException refused) when (refused.Field == "prompt")
        {
            throw ApiException.Invalid("messages", refused.Message, ErrorAnswers.CodeOf(refused));
        }
    }

    private async Task<string> PassOnAsync(ChatReply reply, AnswerTimes times)
    {
        try
        {
            await reply.BeginAsync();
            await foreach (SampledToken token in _generation.ReadAllAsync(_http.RequestAborted))
            {
                times.Token();
                Answer.Take(token);
                await reply.ShowAsync(token);
                if (Answer.HasEnded)
                    break;
            }

            Answer.Finish();
            if (_generation.Finish == FinishReason.Cancelled && !Answer.HasEnded)
            {
                throw ApiException.Unavailable(
                    "the server stopped before the answer was complete", TimeSpan.FromSeconds(10));
            }

            await reply.EndAsync(_generation.Finish);
            return Answer.Reason(_generation.Finish);
        }
        catch (Exception exception) when (_http.RequestAborted.IsCancellationRequested
            && exception is OperationCanceledException or IOException)
        {
            return "disconnected";
        }
        catch (Exception exception) when (_http.Response.HasStarted)
        {
            await reply.FailAsync(ErrorAnswers.AsApi(exception, ErrorAnswers.Logger(_http)));
            return "error";
        }
    }
}
