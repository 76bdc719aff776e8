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
        http.Response.Headers["x-request-id"] = head.Id;

        var generations = new Generation[request.Choices];
        try
        {
            var answers = new CompletionAnswer[generations.Length];
            for (int choice = 0; choice < generations.Length; choice++)
            {
                generations[choice] = Submit(ready, request, choice, generations);
                answers[choice] = new CompletionAnswer(ready, request.Fields, generations[choice]);
            }

            CompletionReply reply = request.Fields.Stream
                ? new CompletionStreamReply(http, head, request, answers)
                : new CompletionPlainReply(http, head, request, answers);
            using var disposed = reply as IDisposable;
            string reason = "error";
            try
            {
                reason = await PassOnAsync(http, generations, answers, reply, times);
            }
            finally
            {
                Usage usage = UsageOf(request, answers);
                times.Ended(head.Id, usage.Prompt, usage.Completion, reason);
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

    private static Generation Submit(ReadyModel ready, CompletionRequest request, int choice, Generation[] before)
    {
        (int prompt, int index) = int.DivRem(choice, request.ChoicesPerPrompt);
        Generation? first = index == 0 ? null : before[choice - index];
        return ready.Engine.Submit(SamplingFields.ForChoice(
            request.Fields.ToRequest(request.Prompts[prompt].ToImmutableArray()), index, first));
    }

    private static async Task<string> PassOnAsync(
        HttpContext http, Generation[] generations, CompletionAnswer[] answers, CompletionReply reply,
        AnswerTimes times)
    {
        using var oneAtATime = new SemaphoreSlim(1);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        try
        {
            reply.Begin();
            await Task.WhenAll(generations.Select((generation, choice) =>
                PassOnAsync(generation, answers[choice], choice, reply, times, oneAtATime, stop)));
            await reply.EndAsync();
            return answers[^1].Reason(generations[^1].Finish);
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

    // The first choice that fails stops the others; WhenAll throws its error.
    private static async Task PassOnAsync(
        Generation generation, CompletionAnswer answer, int choice, CompletionReply reply, AnswerTimes times,
        SemaphoreSlim oneAtATime, CancellationTokenSource stop)
    {
        try
        {
            await foreach (SampledToken token in generation.ReadAllAsync(stop.Token))
            {
                await oneAtATime.WaitAsync(stop.Token);
                try
                {
                    times.Token();
                    await reply.ShowAsync(choice, answer.Take(token));
                }
                finally
                {
                    oneAtATime.Release();
                }

                if (answer.HasEnded)
                    break;
            }

            if (generation.Finish == FinishReason.Cancelled && !answer.HasEnded)
            {
                throw ApiException.Unavailable(
                    "the server stopped before the answer was complete", TimeSpan.FromSeconds(10));
            }

            await oneAtATime.WaitAsync(stop.Token);
            try
            {
                await reply.EndChoiceAsync(choice, answer.Finish(), generation.Finish);
            }
            finally
            {
                oneAtATime.Release();
            }
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
    }
}
