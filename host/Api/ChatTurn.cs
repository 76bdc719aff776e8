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
    private readonly ChatRequest _request;
    private readonly string _id;

    private ChatTurn(
        HttpContext http, ChatRequest request, string id, Generation generation, ChatPrompt prompt, ChatAnswer answer) =>
        (_http, _request, _id, Generation, Prompt, Answer) = (http, request, id, generation, prompt.Tokens, answer);

    /// <summary>Its tokens.</summary>
    public Generation Generation { get; }

    /// <summary>Ids of the prompt.</summary>
    public int[] Prompt { get; }

    /// <summary>The answer so far.</summary>
    public ChatAnswer Answer { get; }

    /// <summary>Submits a conversation; <paramref name="id"/> is the answer's.</summary>
    /// <exception cref="ApiException">It can never be served.</exception>
    /// <exception cref="EngineBusyException">The queue is full.</exception>
    public static ChatTurn Begin(
        HttpContext http, ReadyModel ready, ChatRequest request, ChatPrompt prompt, string id, int choice = 0,
        ChatTurn? first = null)
    {
        Generation generation = Submit(http, ready, request.Fields, prompt, choice, first?.Generation);
        var answer = new ChatAnswer(ready, request, generation, prompt.StartsInReasoning);
        return new ChatTurn(http, request, id, generation, prompt, answer);
    }

    /// <summary>Passes every token on until the answer has ended, and records when they came.</summary>
    public async Task AnswerAsync(ChatReply reply, AnswerTimes times)
    {
        string reason = "error";
        times.Submitted(_request.Model, _request.Fields, Prompt.Length);
        using var deadline = new AnswerDeadline(_http, times, Generation);
        try
        {
            reason = await PassOnAsync(reply, times, deadline);
        }
        finally
        {
            times.Ended(_id, Answer.Usage, reason);
        }
    }

    /// <summary>The same, where the caller records; returns why it ended.</summary>
    public async Task<string> PassOnAsync(ChatReply reply, AnswerTimes times, AnswerDeadline deadline)
    {
        try
        {
            await reply.BeginAsync();
            await ShowAllAsync(reply, times);
            Answer.Finish();
            if (Generation.Finish == FinishReason.Cancelled && !Answer.HasEnded)
                throw deadline.WhyCut();

            await reply.EndAsync(Generation.Finish);
            return Answer.Reason(Generation.Finish);
        }
        catch (Exception exception) when (Disconnection.Explains(_http, exception))
        {
            return "disconnected";
        }
        catch (Exception exception) when (_http.Response.HasStarted)
        {
            await reply.FailAsync(ErrorAnswers.AsApi(exception, _http));
            return "error";
        }
    }

    /// <summary>Frees the sequence, wherever it is.</summary>
    public void Dispose() => Generation.Dispose();

    private static Generation Submit(
        HttpContext http, ReadyModel ready, SamplingFields fields, ChatPrompt prompt, int choice, Generation? first)
    {
        // Reasoning has no form; the form is the answer's.
        int? thinkEnd = prompt.StartsInReasoning ? ready.Model.Tokenizer?.AddedTokenId("</think>") : null;
        int? call = ready.Model.Tokenizer?.AddedTokenId("<tool_call>");
        try
        {
            GenerationRequest request = fields.ToRequest(
                prompt.Tokens.ToImmutableArray(), http.Request.Headers, thinkEnd, call);
            // What there is to say of the prompt the first of several answers says.
            if (choice > 0)
                request = request with { PromptLogProbs = null };
            return ready.Engine.Submit(Standing.Of(http, SamplingFields.ForChoice(request, choice, first)));
        }
        catch (RequestRefusedException refused) when (refused.Field == "prompt")
        {
            throw ApiException.Invalid("messages", refused.Message, ErrorAnswers.CodeOf(refused));
        }
    }

    private async Task ShowAllAsync(ChatReply reply, AnswerTimes times)
    {
        var alive = new KeepAlive(_http);
        await using IAsyncEnumerator<SampledToken> tokens =
            Generation.ReadAllAsync(_http.RequestAborted).GetAsyncEnumerator(CancellationToken.None);
        bool comes = await alive.FirstAsync(tokens, reply.PingAsync);
        while (comes)
        {
            times.Token();
            Answer.Take(tokens.Current);
            await reply.ShowAsync(tokens.Current);
            await alive.AfterAsync(Answer.Shown.Count > 0, reply);
            if (Answer.HasEnded)
                return;
            comes = await tokens.MoveNextAsync();
        }
    }
}
