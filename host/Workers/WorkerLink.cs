using System.Threading.Channels;
using Glm5.Host.Workers.Wire;

namespace Glm5.Host.Workers;

/// <summary>The server's end of the step channel to one worker: what is to be sent, and what was last said.</summary>
/// <param name="rank">The worker's rank among all.</param>
internal sealed class WorkerLink(int rank) : IDisposable
{
    private readonly SemaphoreSlim _answered = new(0);
    private volatile Answer? _answer;

    /// <summary>The worker's rank among all, group by group.</summary>
    public int Rank { get; } = rank;

    /// <summary>The worker's process; 0 before it has joined.</summary>
    public int ProcessId { get; set; }

    /// <summary>What is to be sent, in order; completed when the worker is to end.</summary>
    public Channel<ToWorker> Outbox { get; } = Channel.CreateUnbounded<ToWorker>(
        new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = false });

    /// <summary>Ends when the worker can run steps, with what it has.</summary>
    public TaskCompletionSource<Loaded> Loaded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Takes a step's answer.</summary>
    public void Take(Answer answer)
    {
        _answer = answer;
        _answered.Release();
    }

    /// <summary>Nobody will answer any more.</summary>
    public void Wake() => _answered.Release();

    /// <summary>Waits for the answer; null when there will be none, or not within <paramref name="patience"/>.</summary>
    public Answer? Wait(TimeSpan patience)
    {
        Answer? answer = _answered.Wait(patience) ? _answer : null;
        _answer = null;
        return answer;
    }

    /// <summary>Frees the signal; nobody waits any more.</summary>
    public void Dispose() => _answered.Dispose();
}
