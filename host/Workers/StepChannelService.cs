using Glm5.Host.Cli;
using Glm5.Host.Workers.Wire;
using Grpc.Core;

namespace Glm5.Host.Workers;

/// <summary>The server's end of the step channel: one call is one worker's life.</summary>
internal sealed class StepChannelService(WorkerFleet fleet) : StepChannel.StepChannelBase
{
    /// <inheritdoc/>
    public override async Task Join(
        IAsyncStreamReader<FromWorker> requestStream, IServerStreamWriter<ToWorker> responseStream, ServerCallContext context)
    {
        if (!await requestStream.MoveNext(context.CancellationToken) || requestStream.Current.Hello is not { } hello)
            return;
        (WorkerLink? link, string? refusal) = fleet.Greet(hello, ProgramVersion.Text);
        if (link is null)
        {
            await responseStream.WriteAsync(new ToWorker { Refusal = refusal! });
            fleet.Fail($"rank {hello.Rank} may not join: {refusal}");
            return;
        }

        // Returning ends the channel at the worker's end too: when it has gone, or when it is to go.
        await Task.WhenAny(SendAsync(link, responseStream), HearAsync(link, requestStream));
    }

    /// <summary>Hears a worker out. However it ends, the fleet ends with it.</summary>
    private async Task HearAsync(WorkerLink link, IAsyncStreamReader<FromWorker> words)
    {
        try
        {
            while (await words.MoveNext(CancellationToken.None))
                Take(link, words.Current);
        }
        catch (Exception exception) when (exception is IOException or RpcException or OperationCanceledException)
        {
            // The process is gone, and so is its end of the socket.
        }

        fleet.Fail($"the worker of rank {link.Rank} (process {link.ProcessId}) has ended");
    }

    private void Take(WorkerLink link, FromWorker word)
    {
        switch (word.WordCase)
        {
            case FromWorker.WordOneofCase.Identity:
                if (fleet.Admit(link, word.Identity) is { } refusal)
                {
                    WorkerFleet.Send(link, new ToWorker { Refusal = refusal });
                    fleet.Fail($"rank {link.Rank} may not join: {refusal}");
                }

                break;
            case FromWorker.WordOneofCase.Loaded:
                link.Loaded.TrySetResult(word.Loaded);
                break;
            case FromWorker.WordOneofCase.Answer:
                link.Take(word.Answer);
                break;
            case FromWorker.WordOneofCase.Failure:
                fleet.Fail($"the worker of rank {link.Rank} failed: {word.Failure}");
                break;
        }
    }

    private static async Task SendAsync(WorkerLink link, IServerStreamWriter<ToWorker> words)
    {
        try
        {
            await foreach (ToWorker word in link.Outbox.Reader.ReadAllAsync())
                await words.WriteAsync(word);
        }
        catch (Exception exception) when (exception is IOException or RpcException or InvalidOperationException or OperationCanceledException)
        {
            // The process is gone: hearing it says so too.
        }
    }
}
