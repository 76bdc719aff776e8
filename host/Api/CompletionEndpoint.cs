using System.Collections.Immutable;
using System.Text.Json;
using Glm5.Core;
using Glm5.Core.Sampling;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary><c>POST /v1/completions</c>: continue one or several prompts as they are.</summary>
internal static class CompletionEndpoint
{
    /// <summary>The answer's <c>object</c>; chunks have the same.</summary>
    public static readonly JsonEncodedText Kind = JsonEncodedText.Encode("text_completion");

    public static async Task AnswerAsync(HttpContext http)
    {
        IServiceProvider services = http.RequestServices;
        AnswerTimes times = AnswerTimes.Begin(http);
        ReadyModel ready = Readiness.Require(http);
        using RequestBody body = await RequestBody.ReadAsync(http);
        CompletionRequest request = CompletionRequest.Read(
            body.Root, services.GetRequiredService<ServedModel>(), ready);
        var head = new AnswerHead("cmpl", request.Model, times.Began);

        var generations = new Generation[request.Choices];
        try
        {
            var answers = new CompletionAnswer[generations.Length];
            for (int choice = 0; choice < generations.Length; choice++)
            {
                generations[choice] = Submit(http, ready, request, choice, generations);
                answers[choice] = new CompletionAnswer(ready, request, choice, generations[choice]);
            }

            CompletionReply reply = request.Fields.Stream
                ? new CompletionStreamReply(http, head, request, answers)
                : new CompletionPlainReply(http, head, request, answers);
            using var disposed = reply as IDisposable;
            string reason = "error";
            times.Submitted(request.Model, request.Fields, ComputedTokens(request));
            using var deadline = new AnswerDeadline(http, times, generations);
            try
            {
                reason = await PassOnAsync(http, generations, answers, reply, times, deadline);
            }
            finally
            {
                times.Ended(head.Id, UsageOf(request, answers), reason);
            }
        }
        finally
        {
            foreach (Generation? generation in generations)
                generation?.Dispose();
        }
    }

    /// <summary>Tokens of all prompts, each counted once, and of all choices.</summary>
    public static Usage UsageOf(CompletionRequest request, CompletionAnswer[] answers) => new(
        request.Prompts.Sum(prompt => prompt.Length),
        answers.Where((_, choice) => choice % request.ChoicesPerPrompt == 0).Sum(answer => answer.CachedTokens),
        answers.Sum(answer => answer.Tokens), null);

    /// <summary>Tokens of prompts that are computed at most: each choice scores its own.</summary>
    private static int ComputedTokens(CompletionRequest request) =>
        request.Prompts.Sum(prompt => prompt.Length) * (request.Fields.PromptLogProbs is null ? 1 : request.ChoicesPerPrompt);

    private static Generation Submit(
        HttpContext http, ReadyModel ready, CompletionRequest request, int choice, Generation[] before)
    {
        (int prompt, int index) = int.DivRem(choice, request.ChoicesPerPrompt);
        Generation? first = index == 0 ? null : before[choice - index];
        GenerationRequest asked = request.Fields.ToRequest(
            request.Prompts[prompt].ToImmutableArray(), http.Request.Headers);
        return ready.Engine.Submit(Standing.Of(http, SamplingFields.ForChoice(asked, index, first)));
    }

    private static async Task<string> PassOnAsync(
        HttpContext http, Generation[] generations, CompletionAnswer[] answers, CompletionReply reply,
        AnswerTimes times, AnswerDeadline deadline)
    {
        using var oneAtATime = new SemaphoreSlim(1);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        try
        {
            reply.Begin();
            await Task.WhenAll(generations.Select((generation, choice) =>
                PassOnAsync(http, generation, answers[choice], choice, reply, times, deadline, oneAtATime, stop)));
            await reply.EndAsync();
            return answers[^1].Reason(generations[^1].Finish);
        }
        catch (Exception exception) when (Disconnection.Explains(http, exception))
        {
            return "disconnected";
        }
        catch (Exception exception) when (http.Response.HasStarted)
        {
            await reply.FailAsync(ErrorAnswers.AsApi(exception, http));
            return "error";
        }
    }

    // The first choice that fails stops the others; WhenAll throws its error.
    private static async Task PassOnAsync(
        HttpContext http, Generation generation, CompletionAnswer answer, int choice, CompletionReply reply,
        AnswerTimes times, AnswerDeadline deadline, SemaphoreSlim oneAtATime, CancellationTokenSource stop)
    {
        ValueTask SayAsync(Func<ValueTask> say) => AloneAsync(oneAtATime, say, stop.Token);
        try
        {
            await using IAsyncEnumerator<SampledToken> tokens =
                generation.ReadAllAsync(stop.Token).GetAsyncEnumerator(CancellationToken.None);
            bool comes = await new KeepAlive(http).FirstAsync(tokens, () => SayAsync(reply.PingAsync));
            while (comes)
            {
                times.Token();
                await oneAtATime.WaitAsync(stop.Token);
                try
                {
                    await reply.ShowAsync(choice, answer.Take(tokens.Current));
                }
                finally
                {
                    oneAtATime.Release();
                }

                comes = !answer.HasEnded && await tokens.MoveNextAsync();
            }

            if (generation.Finish == FinishReason.Cancelled && !answer.HasEnded)
                throw deadline.WhyCut();

            await SayAsync(() => reply.EndChoiceAsync(choice, answer.Finish(), generation.Finish));
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
    }

    private static async ValueTask AloneAsync(SemaphoreSlim oneAtATime, Func<ValueTask> say, CancellationToken cancel)
    {
        await oneAtATime.WaitAsync(cancel);
        try
        {
            await say();
        }
        finally
        {
            oneAtATime.Release();
        }
    }
}
