using System.Runtime.ExceptionServices;
using Glm5.Core;
using Glm5.Core.Sampling;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>
/// The answers to one chat: usually one, several where <c>n</c> asks for them. They come at once and share what they are
/// written to, one at a time.
/// </summary>
internal sealed class ChatChoices : IDisposable
{
    private readonly HttpContext _http;
    private readonly ChatTurn[] _turns;
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private int _left;
    private Exception? _failure;

    private ChatChoices(HttpContext http, ChatTurn[] turns) => (_http, _turns, _left) = (http, turns, turns.Length);

    /// <summary>True once one of them has failed: nothing more can be written.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>How many there are.</summary>
    public int Count => _turns.Length;

    /// <summary>Ids of the prompt.</summary>
    public int[] Prompt => _turns[0].Prompt;

    /// <summary>What is known of the prompt's tokens, once the first answer has begun.</summary>
    public IReadOnlyList<ScoredToken> PromptScores => _turns[0].Generation.PromptScores;

    /// <summary>What all of them have used so far, the prompt counted once.</summary>
    public Usage Usage
    {
        get
        {
            Usage usage = _turns[0].Answer.Usage;
            for (int choice = 1; choice < _turns.Length; choice++)
            {
                Usage other = _turns[choice].Answer.Usage;
                usage = usage with
                {
                    Completion = usage.Completion + other.Completion,
                    Reasoning = usage.Reasoning + other.Reasoning,
                };
            }

            return usage;
        }
    }

    /// <summary>Submits a conversation as often as it is to be answered.</summary>
    /// <exception cref="ApiException">It can never be served.</exception>
    /// <exception cref="EngineBusyException">The queue is full.</exception>
    public static ChatChoices Begin(HttpContext http, ReadyModel ready, ChatRequest request, string id)
    {
        var prompt = ChatPrompt.Of(ready, request.Template);
        var turns = new List<ChatTurn>(request.Choices);
        try
        {
            for (int choice = 0; choice < request.Choices; choice++)
                turns.Add(ChatTurn.Begin(http, ready, request, prompt, id, choice, turns.FirstOrDefault()));
        }
        catch
        {
            foreach (ChatTurn turn in turns)
                turn.Dispose();
            throw;
        }

        return new ChatChoices(http, [.. turns]);
    }

    /// <summary>The answer of a choice.</summary>
    public ChatAnswer Answer(int choice) => _turns[choice].Answer;

    /// <summary>Passes every token of every choice on until all have ended, and records when they came.</summary>
    public async Task AnswerAsync(Func<int, ChatReply> reply, ChatRequest request, string id, AnswerTimes times)
    {
        string reason = "error";
        times.Submitted(request.Model, request.Fields, Prompt.Length);
        using var deadline = new AnswerDeadline(_http, times, [.. _turns.Select(turn => turn.Generation)]);
        try
        {
            string[] reasons = await Task.WhenAll(
                _turns.Select((turn, choice) => PassOnAsync(turn, reply(choice), times, deadline)));
            reason = reasons.FirstOrDefault(other => other is "error" or "disconnected", reasons[0]);
        }
        catch when (_failure is { } failure)
        {
            // Of several, what the others failed by follows from the first.
            ExceptionDispatchInfo.Throw(failure);
        }
        finally
        {
            times.Ended(id, Usage, reason);
        }
    }

    /// <summary>Writes while no other choice does; nothing once one has failed.</summary>
    public ValueTask WriteAsync(Func<ValueTask> write) => Count > 1 ? WriteAloneAsync(write) : write();

    private async ValueTask WriteAloneAsync(Func<ValueTask> write)
    {
        await _oneAtATime.WaitAsync();
        try
        {
            if (!HasFailed)
                await write();
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>A choice has ended; true for the last. Only while it writes.</summary>
    public bool EndOne() => --_left == 0;

    /// <summary>A choice cannot be completed, so the others are given up.</summary>
    public void Fail()
    {
        HasFailed = true;
        Dispose();
    }

    /// <summary>Frees the sequences, wherever they are.</summary>
    public void Dispose()
    {
        foreach (ChatTurn turn in _turns)
            turn.Dispose();
    }

    private async Task<string> PassOnAsync(ChatTurn turn, ChatReply reply, AnswerTimes times, AnswerDeadline deadline)
    {
        try
        {
            return await turn.PassOnAsync(reply, times, deadline);
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref _failure, exception, null);
            Fail();
            throw;
        }
    }
}
