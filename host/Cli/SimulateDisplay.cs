using Glm5.Core.Simulation;
using Spectre.Console;

namespace Glm5.Host.Cli;

/// <summary>Shows how far a simulation is, on a terminal's standard output; elsewhere it keeps quiet.</summary>
internal static class SimulateDisplay
{
    /// <summary>Runs the work and shows it.</summary>
    public static SimulationResult Show(int requests, Func<IProgress<SimulationProgress>?, SimulationResult> work)
    {
        if (!AnsiConsole.Profile.Capabilities.Interactive || Console.IsOutputRedirected)
            return work(null);
        return AnsiConsole.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(bar => work(new Bar(bar.AddTask("simulating", maxValue: requests))));
    }

    private sealed class Bar(ProgressTask task) : IProgress<SimulationProgress>
    {
        public void Report(SimulationProgress value)
        {
            task.Value = value.Done;
            task.Description = $"{value.Seconds:N0} s simulated";
        }
    }
}
