using System.Runtime.InteropServices;

namespace Glm5.Host.Cli;

/// <summary>Ctrl-C and SIGTERM: the first asks to stop, the second ends the program at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _registrations;
    private int _seen;

    public StopSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Take),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Take),
    ];

    /// <summary>Fires at the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Ends at the first signal.</summary>
    public Task Stopped => _stopped.Task;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _stop.Dispose();
    }

    private void Take(PosixSignalContext signal)
    {
        signal.Cancel = true;
        if (Interlocked.Increment(ref _seen) > 1)
            Environment.Exit(ExitCode.Interrupted);
        _stopped.TrySetResult();
        _stop.Cancel();
    }
}
