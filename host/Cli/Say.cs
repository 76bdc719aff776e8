using Glm5.Core;
using Glm5.Core.Kv;
using Glm5.Host.Cli.Flags;
using Glm5.Host.Serving;
using Spectre.Console;
using Capabilities = Glm5.Core.Accelerator.Capabilities;

namespace Glm5.Host.Cli;

/// <summary>
/// What serving tells the person who started it. Errors go to standard error, everything else to standard output.
/// </summary>
internal static class Say
{
    /// <summary>
    /// One error with what to do; returns the exit code. The message may quote a server or a file: it cannot control the
    /// terminal.
    /// </summary>
    public static int Error(string message, int code)
    {
        Console.Error.WriteLine($"error: {ChatScreen.Harmless(message)}");
        return code;
    }

    /// <summary>Program, model and device, before anything is done.</summary>
    public static void Opening(ServeOptions options, ChosenModel model, BackendChoice choice)
    {
        Capabilities device = choice.Verdicts.First(verdict => verdict.Chosen).Devices[0];
        AnsiConsole.MarkupLineInterpolated($"[bold]glm5[/] {ProgramVersion.Number}");
        AnsiConsole.MarkupLineInterpolated(
            $"  model    [bold]{options.ServedNames[0]}[/] [dim]{model.Origin}[/]");
        AnsiConsole.MarkupLineInterpolated(
            $"  device   [bold]{device.Backend}[/] {device.Device}, {device.Architecture}, {device.Arithmetic.Name}");
        foreach (BackendVerdict other in choice.Verdicts.Where(verdict => !verdict.Chosen))
            AnsiConsole.MarkupLineInterpolated($"           [dim]{other.Name}: {other.Reason}[/]");
    }

    /// <summary>Flags that were accepted and change nothing, or not quite what they change elsewhere; one line each kind.</summary>
    public static void Notes(IReadOnlyList<FlagNote> notes)
    {
        foreach (FlagNote note in notes.Where(note => note.HasEffect))
            Console.Out.WriteLine($"  flags    {note.Spelling}: {note.Reason}");
        string idle = string.Join("; ", notes.Where(note => !note.HasEffect).GroupBy(note => note.Reason)
            .Select(same => $"{string.Join(' ', same.Select(note => note.Spelling))} ({same.Key})"));
        if (idle.Length > 0)
            Console.Out.WriteLine($"  flags    without effect here: {idle}");
    }

    /// <summary>The address answers; the model is not there yet.</summary>
    public static void Listening(Uri address) =>
        AnsiConsole.MarkupLineInterpolated(
            $"  address  [bold]{address.GetLeftPart(UriPartial.Authority)}[/] [dim](answers now; the model loads)[/]");

    /// <summary>The model can serve.</summary>
    public static void Ready(Server server, ServeOptions options)
    {
        if (!server.Model.TryGetReady(out ReadyModel? ready))
            return;
        LoadedModel model = ready.Model;
        KvPoolSize pool = model.Pool;
        double cacheGigabytes = pool.Bytes * options.Model.TotalRanks / 1e9;
        double seconds = server.Model.Status.Elapsed.TotalSeconds;
        AnsiConsole.MarkupLineInterpolated(
            $"  weights  {model.TensorCount:N0} tensors, {model.WeightBytes / 1e9:N3} GB, ranks: {Ranks(options.Model)}");
        AnsiConsole.MarkupLineInterpolated(
            $"  caches   {pool.Tokens:N0} tokens in {pool.Blocks - 1:N0} blocks of {pool.BlockSlots}, {cacheGigabytes:N2} GB");
        AnsiConsole.MarkupLineInterpolated($"  context  {model.ContextLength:N0} tokens");
        AnsiConsole.MarkupLineInterpolated(
            $"[green]Ready[/] after {seconds:F1} s. The chat page is at the address, the API at /v1. [dim]Ctrl-C stops.[/]");
    }

    private static string Ranks(ModelOptions model) => (model.Groups, model.WorkerProcesses) switch
    {
        (1, false) => $"{model.Ranks}",
        (1, true) => $"{model.Ranks}, each a process",
        (_, false) => $"{model.Groups} groups of {model.Ranks}",
        (_, true) => $"{model.Groups} groups of {model.Ranks}, each a process",
    };

    /// <summary>The first signal came.</summary>
    public static void Draining(ServedModel model, TimeSpan bound)
    {
        int running = model.TryGetReady(out ReadyModel? ready)
            ? ready.Engine.Status.Running + ready.Engine.Status.Waiting
            : 0;
        AnsiConsole.MarkupLineInterpolated(running == 0
            ? (FormattableString)$"Stopping."
            : $"Stopping: {running} answer(s) may go on for {bound.TotalSeconds:F0} s; Ctrl-C again ends at once.");
    }
}
