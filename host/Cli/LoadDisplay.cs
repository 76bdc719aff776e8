using Glm5.Core.Weights;
using Glm5.Host.Serving;
using Spectre.Console;

namespace Glm5.Host.Cli;

/// <summary>Shows loading: a bar on a terminal, a line at each phase and every few seconds otherwise.</summary>
internal sealed class LoadDisplay
{
    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(5);

    private readonly bool _onTerminal = AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected;

    /// <summary>What loading reports to; null where a bar polls instead.</summary>
    public IProgress<LoadStatus>? Observer => _onTerminal ? null : new Lines();

    /// <summary>Shows loading until it has ended, and passes its error on.</summary>
    public async Task ShowAsync(Server server)
    {
        if (_onTerminal)
        {
            await AnsiConsole.Progress().AutoClear(true)
                .Columns(
                    new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(),
                    new RemainingTimeColumn())
                .StartAsync(bar => FollowAsync(bar.AddTask("loading"), server));
        }

        await server.Ready;
    }

    /// <summary>The status as words: <c>reading 12.1 of 756.2 GB at 3.4 GB/s</c>.</summary>
    internal static string Words(LoadStatus status)
    {
        string phase = status.Phase.ToString().ToLowerInvariant();
        if (status.BytesTotal == 0)
            return phase;
        string amount = $"{phase} {status.BytesDone / 1e9:F2} of {status.BytesTotal / 1e9:F2} GB "
            + $"at {status.BytesPerSecond / 1e9:F2} GB/s";
        return status.Remaining is { } left ? $"{amount}, {left.TotalSeconds:F0} s left" : amount;
    }

    private static async Task FollowAsync(ProgressTask task, Server server)
    {
        while (!server.Ready.IsCompleted)
        {
            LoadStatus status = server.Model.Status;
            task.Description = Markup.Escape(Words(status));
            task.IsIndeterminate = status.BytesTotal == 0;
            task.MaxValue = Math.Max(1, status.BytesTotal);
            task.Value = status.BytesDone;
            await Task.WhenAny(server.Ready, Task.Delay(TimeSpan.FromMilliseconds(100)));
        }
    }

    /// <summary>Lines for logs: each phase once, and a long phase's progress now and then.</summary>
    private sealed class Lines : IProgress<LoadStatus>
    {
        private LoadPhase? _phase;
        private TimeSpan _told;

        public void Report(LoadStatus value)
        {
            if (value.Phase == _phase && value.Elapsed - _told < s_between)
                return;
            (_phase, _told) = (value.Phase, value.Elapsed);
            if (value.Phase is LoadPhase.Ready or LoadPhase.Failed)
                return;
            Console.Out.WriteLine(
                $"loading: phase={value.Phase.ToString().ToLowerInvariant()} bytes={value.BytesDone} "
                + $"total={value.BytesTotal} rate={value.BytesPerSecond:F0} elapsed={value.Elapsed.TotalSeconds:F1}");
        }
    }
}
