using System.ComponentModel;
using System.Diagnostics;
using Glm5.Core.Accelerator;

namespace Glm5.Host.Workers;

/// <summary>
/// Worker processes, started together by <c>mpirun</c>, which connects them and ends all when one is lost. Disposing lets them
/// end by themselves for a moment, then ends them.
/// </summary>
internal sealed partial class WorkerProcesses : IDisposable
{
    private const int KeptLines = 20;

    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(5);

    private readonly Process _launcher;
    private readonly Queue<string> _lastLines = new();
    private readonly Action<string> _lost;
    private readonly ILogger _logger;

    private WorkerProcesses(Process launcher, Action<string> lost, ILogger logger) =>
        (_launcher, _lost, _logger) = (launcher, lost, logger);

    /// <summary>Starts so many of this same program.</summary>
    /// <param name="count">Processes.</param>
    /// <param name="words">The command line of each.</param>
    /// <param name="lost">Told when they end, and why as far as their output says.</param>
    /// <param name="logger">Told what they print.</param>
    /// <exception cref="AcceleratorException">There is no mpirun.</exception>
    public static WorkerProcesses Start(int count, IEnumerable<string> words, Action<string> lost, ILogger logger)
    {
        var how = new ProcessStartInfo("mpirun")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        if (Environment.UserName == "root")
            how.ArgumentList.Add("--allow-run-as-root");

        // Ranks share out the cores among their threads themselves, and yield while they wait for a peer.
        foreach (string word in (string[])["--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1", "-n"])
            how.ArgumentList.Add(word);
        how.ArgumentList.Add($"{count}");
        foreach (string word in Program().Concat(words))
            how.ArgumentList.Add(word);
        var launcher = new Process { StartInfo = how, EnableRaisingEvents = true };
        var processes = new WorkerProcesses(launcher, lost, logger);
        processes.Start();
        return processes;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_launcher.WaitForExit(s_grace))
            _launcher.Kill(entireProcessTree: true);
        _launcher.WaitForExit();
        _launcher.Dispose();
    }

    private void Start()
    {
        _launcher.OutputDataReceived += (_, line) => Note(line.Data);
        _launcher.ErrorDataReceived += (_, line) => Note(line.Data);
        _launcher.Exited += (_, _) => _lost($"the workers have ended; the last they said: {LastLines()}");
        try
        {
            _launcher.Start();
        }
        catch (Win32Exception)
        {
            _launcher.Dispose();
            throw new AcceleratorException(
                "mpirun is not here, and workers are started with it; install openmpi-bin, or serve without --worker-processes");
        }

        _launcher.BeginOutputReadLine();
        _launcher.BeginErrorReadLine();
    }

    /// <summary>This program, as the shell would start it: itself, or by the runtime where it is a library of another.</summary>
    private static string[] Program()
    {
        string own = Path.Combine(AppContext.BaseDirectory, "glm5");
        if (Path.GetFileName(Environment.ProcessPath) == "glm5")
            return [Environment.ProcessPath!];
        return File.Exists(own) ? [own] : ["dotnet", own + ".dll"];
    }

    private void Note(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        lock (_lastLines)
        {
            _lastLines.Enqueue(line.Trim());
            if (_lastLines.Count > KeptLines)
                _lastLines.Dequeue();
        }

        LogLine(_logger, line);
    }

    private string LastLines()
    {
        lock (_lastLines)
            return _lastLines.Count == 0 ? "nothing" : string.Join(" / ", _lastLines);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "worker: {Line}")]
    private static partial void LogLine(ILogger logger, string line);
}
