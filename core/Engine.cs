using Microsoft.Extensions.Logging;

namespace Glm5.Core;

/// <summary>Runs steps for as long as there are sequences: schedule, run, publish. One thread of its own.</summary>
public sealed class Engine : IDisposable
{
    /// <summary>An engine over a loaded model, which the caller disposes afterwards.</summary>
    public Engine(LoadedModel model, ModelOptions options, TimeProvider time, ILogger logger)
    {
        _ = (model, options, time, logger);
    }

    /// <summary>What it is doing now, for metrics and health.</summary>
    public EngineStatus Status => throw new NotImplementedException();

    /// <summary>Takes a request. Returns at once; tokens come by the result.</summary>
    /// <exception cref="RequestRefusedException">The request can never be served.</exception>
    /// <exception cref="EngineBusyException">The queue is full or the engine is stopping.</exception>
    public Generation Submit(GenerationRequest request) => throw new NotImplementedException();

    /// <summary>Takes no more requests, and returns when the running ones have ended or <paramref name="cancel"/> fires, which cancels them.</summary>
    public Task DrainAsync(CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Cancels what runs and ends the thread.</summary>
    public void Dispose()
    {
    }
}

/// <summary>A moment of the engine.</summary>
/// <param name="Running">Sequences in the running batch.</param>
/// <param name="Waiting">Sequences that wait for admission.</param>
/// <param name="BlocksInUse">KV blocks owned by sequences.</param>
/// <param name="Blocks">KV blocks that sequences can own.</param>
/// <param name="Preemptions">Sequences preempted since the start.</param>
/// <param name="Steps">Steps since the start.</param>
/// <param name="PromptTokens">Prompt tokens computed since the start.</param>
/// <param name="GeneratedTokens">Tokens chosen since the start.</param>
public readonly record struct EngineStatus(
    int Running, int Waiting, int BlocksInUse, int Blocks, long Preemptions, long Steps, long PromptTokens, long GeneratedTokens);
