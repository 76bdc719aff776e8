using System.Runtime.InteropServices;

namespace Glm5.Host.Cli;

/// <summary>Ctrl-C in a chat: the first stops the answer that is being written; without one it ends the program.</summary>
internal sealed class AnswerInterrupt : IDisposable
{
    private readonly PosixSignalRegistration _registration;
    private CancellationTokenSource? _answer;

    public AnswerInterrupt() => _registration = PosixSignalRegistration.Create(PosixSignal.SIGINT, Take);

    /// <summary>An answer begins; the returned source is cancelled by Ctrl-C and is the caller's to dispose.</summary>
    public CancellationTokenSource Begin()
    {
        var answer = new CancellationTokenSource();
        Volatile.Write(ref _answer, answer);
        return answer;
    }

    /// <summary>The answer has ended.</summary>
    public void End() => Volatile.Write(ref _answer, null);

    public void Dispose() => _registration.Dispose();

    private void Take(PosixSignalContext signal)
    {
        signal.Cancel = true;
        if (Interlocked.Exchange(ref _answer, null) is not { } answer)
        {
            Environment.Exit(ExitCode.Interrupted);
            return;
        }

        try
        {
            answer.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The answer ended by itself at this very moment.
        }
    }
}
