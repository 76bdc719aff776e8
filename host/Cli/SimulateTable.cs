using System.Globalization;
using Glm5.Core.Simulation;
using Glm5.Host.Simulation;
using Spectre.Console;

namespace Glm5.Host.Cli;

/// <summary>Simulations for people.</summary>
internal static class SimulateTable
{
    /// <summary>Prints one run.</summary>
    public static void Draw(SimulateAnswer answer)
    {
        SimulationResult result = answer.Result;
        AnsiConsole.MarkupLineInterpolated(
            $"[bold]{answer.Model}[/] on [bold]{answer.Device}[/], {answer.Layout}, {answer.Drafts} drafts; {result.Requests:N0} requests of {answer.Input} + {answer.Output} tokens");
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("", "mean", "p50", "p90", "p99");
        for (int column = 1; column < 5; column++)
            table.Columns[column].RightAligned();
        Add(table, "time to first token, ms", result.TimeToFirstToken, 1e3);
        Add(table, "time per output token, ms", result.TimePerOutputToken, 1e3);
        Add(table, "whole answer, s", result.EndToEnd, 1);
        Add(table, "step on the devices, ms", result.Step, 1e3);
        Add(table, "host between steps, us (real)", result.HostBetweenSteps, 1e6);
        Add(table, "host beside steps, us (real)", result.HostBesideSteps, 1e6);
        AnsiConsole.Write(table);
        foreach (string line in Lines(result))
            Console.Out.WriteLine($"  {line}");
    }

    /// <summary>Prints published results beside their simulation.</summary>
    public static void Draw(IReadOnlyList<Comparison> compared)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumns(
            "published", "out tok/s", "simulated", "ratio", "TPOT ms", "simulated", "ratio", "peaks alone", "TTFT s", "simulated");
        for (int column = 1; column < 10; column++)
            table.Columns[column].RightAligned();
        foreach (Comparison row in compared)
        {
            PublishedFigure published = row.Published;
            table.AddRow(
                Markup.Escape(published.System), Number(published.OutputTokensPerSecond, 1), Number(row.OutputTokensPerSecond, 1),
                Number(row.ThroughputRatio, 2), Number(published.TpotMilliseconds, 2), Number(row.TpotMilliseconds, 2),
                Number(row.TpotRatio, 2), Number(row.RooflineTpotMilliseconds, 2), Number(published.TtftSeconds, 3),
                Number(row.TtftSeconds, 3));
        }

        AnsiConsole.Write(table);
        Console.Out.WriteLine("Ratios are of rates, simulated over published: above 1 the simulation is faster.");
        foreach (Comparison row in compared.Where(row => row.IsFarOff))
            Console.Out.WriteLine($"  {row.Published.System}: {row.Published.Why}");
    }

    private static IEnumerable<string> Lines(SimulationResult result)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        yield return string.Create(
            plain, $"{result.OutputTokensPerSecond:N1} output tokens/s, {result.TotalTokensPerSecond:N1} with prompts, over {result.Seconds:N1} s; devices busy {result.Busy:P1}");
        yield return string.Create(
            plain, $"{result.Steps:N0} steps of {result.KernelsPerStep:N0} kernels; {result.MeanRunning:N1} sequences ran, at most {result.MostRunning:N0}; {result.TokensPerStep:N2} tokens a step and sequence");
        yield return string.Create(
            plain, $"KV cache of {result.KvTokens:N0} tokens: {result.MeanKvUse:P1} used, at most {result.MostKvUse:P1}; {result.PrefixHits:P1} of prompts cached{Recalled(result)}; {result.Preemptions:N0} preemptions");
        yield return string.Create(
            plain, $"devices wait {result.IdleShare:P3} of the time for the host of this machine; without preparing ahead it would be {WithoutOverlap(result):P3}");
        yield return "time goes to " + string.Join(
            ", ", result.TimeByKind.OrderByDescending(kind => kind.Value).Select(kind => string.Create(plain, $"{kind.Key} {kind.Value:P1}")));
        yield return string.Create(plain, $"simulated in {result.RealSeconds:N1} s");
    }

    private static string Recalled(SimulationResult result) => result.PrefixRecalled == 0
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $", {result.PrefixRecalled:P1} from the host");

    private static double WithoutOverlap(SimulationResult result)
    {
        double host = result.HostBetweenSteps.Mean + result.HostBesideSteps.Mean;
        return host / (host + result.Step.Mean);
    }

    private static void Add(Table table, string name, Spread spread, double scale) => table.AddRow(
        name, Number(spread.Mean * scale, 2), Number(spread.P50 * scale, 2), Number(spread.P90 * scale, 2),
        Number(spread.P99 * scale, 2));

    private static string Number(double? number, int digits) =>
        number?.ToString($"N{digits}", CultureInfo.InvariantCulture) ?? "";
}
