using Glm5.Host.Hub;
using Spectre.Console;

namespace Glm5.Host.Cli;

/// <summary>
/// Shows a download on standard error: a bar on a terminal, else a line every few seconds that a log can be searched
/// for. It is the download's log too, so that a wait appears above the bar and not in it.
/// </summary>
internal sealed class PullDisplay : ILogger
{
    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(5);

    private readonly IAnsiConsole _console = AnsiConsole.Create(
        new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    private bool OnTerminal => _console.Profile.Capabilities.Interactive && !Console.IsErrorRedirected;

    /// <summary>Shows a download until it has ended.</summary>
    public async Task<ResolvedModel> ShowAsync(
        ModelId model, Func<IProgress<DownloadStatus>, Task<ResolvedModel>> download)
    {
        if (!OnTerminal)
            return await download(new Lines(model));
        return await _console.Progress().AutoClear(true)
            .Columns(
                new SpinnerColumn(), new ProgressBarColumn(), new PercentageColumn(),
                new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(bar => download(new Bar(bar.AddTask(Markup.Escape(model.ToString())), model)));
    }

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        string line = $"{(logLevel >= LogLevel.Warning ? "warning" : "note")}: {formatter(state, exception)}";
        // The console breaks lines to fit a terminal, which would spoil a log.
        if (OnTerminal)
            _console.WriteLine(line);
        else
            Console.Error.WriteLine(line);
    }

    private sealed class Bar(ProgressTask task, ModelId model) : IProgress<DownloadStatus>
    {
        public void Report(DownloadStatus value)
        {
            task.Description = Markup.Escape($"{model.Repository}: {value.Words}");
            task.IsIndeterminate = value.BytesTotal == 0;
            task.MaxValue = Math.Max(1, value.BytesTotal);
            task.Value = value.BytesDone;
        }
    }

    /// <summary>Each phase once, and the progress of a long one now and then.</summary>
    private sealed class Lines(ModelId model) : IProgress<DownloadStatus>
    {
        private DownloadPhase? _phase;
        private TimeSpan _told;

        public void Report(DownloadStatus value)
        {
            if (value.Phase == _phase && value.Elapsed - _told < s_between)
                return;
            (_phase, _told) = (value.Phase, value.Elapsed);
            string left = value.Remaining is { } time ? $" remaining={time.TotalSeconds:F0}" : "";
            Console.Error.WriteLine(
                $"pull: model={model} phase={value.Phase.ToString().ToLowerInvariant()} "
                + $"files={value.FilesDone}/{value.FilesTotal} "
                + $"bytes={value.BytesDone}/{value.BytesTotal} fetched={value.BytesFetched} "
                + $"rate={value.BytesPerSecond:F0}{left} elapsed={value.Elapsed.TotalSeconds:F1}");
        }
    }
}
