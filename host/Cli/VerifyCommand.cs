using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Glm5.Core.Accelerator;
using Glm5.Core.Verification;
using Spectre.Console;
using Capabilities = Glm5.Core.Accelerator.Capabilities;

namespace Glm5.Host.Cli;

/// <summary>
/// <c>glm5 verify</c>: holds a device against the oracle, operation by operation, and leaves a record of it. On a new kind
/// of device, the first thing to run.
/// </summary>
internal static class VerifyCommand
{
    private const string Oracle = "cpu-oracle";

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var device = new Option<string?>("--device") { Description = "The device to verify", DefaultValueFactory = _ => "auto" };
        DeviceFlag.Computing(device);
        var json = new Option<bool>("--json") { Description = "Print the record as JSON for programs, no table" };
        var record = new Option<string?>("--record")
        {
            Description = "Folder that the JSON record is written into, as BACKEND-ARCHITECTURE.json",
            HelpName = "folder",
        };
        var quick = new Option<bool>("--quick") { Description = "Small shapes alone; fusions ask for GLM-5's and stay unproven" };
        var command = new Command(
            "verify",
            "Compare every operation of a device with the oracle, at small shapes and at GLM-5's, and say what differs")
        {
            device,
            json,
            record,
            quick,
        };
        command.SetAction((line, cancel) =>
            Task.FromResult(Run(line.GetValue(device)!, line.GetValue(json), line.GetValue(record), line.GetValue(quick), cancel)));
        return command;
    }

    private static int Run(string device, bool json, string? folder, bool isQuick, CancellationToken cancel)
    {
        BackendChoice choice = BackendCatalog.Choose(device);
        if (choice.Refusal is { } refusal)
            return Say.Error($"--device {device}: {refusal}", ExitCode.Device);
        Capabilities capabilities = Described(choice);
        var results = new List<CheckResult>();
        try
        {
            var verification = new DeviceVerification(choice.Backend, BackendCatalog.Choose(Oracle).Backend, isQuick);
            verification.Run(capabilities, result => Take(result, results, json), cancel);
        }
        catch (OperationCanceledException)
        {
            return Say.Error("verify was stopped; no record is written", ExitCode.Interrupted);
        }

        VerifyRecord record = VerifyRecord.Of(choice.Backend, capabilities, results);
        if (json)
            Console.Out.WriteLine(JsonSerializer.Serialize(record, VerifyJson.Default.VerifyRecord));
        else
            Draw(capabilities, record);
        if (folder is not null)
            Console.Error.WriteLine($"record: {record.Write(folder)}");
        return record.Failed == 0 ? ExitCode.Done : ExitCode.Device;
    }

    private static Capabilities Described(BackendChoice choice)
    {
        foreach (BackendVerdict verdict in choice.Verdicts)
        {
            if (verdict.Chosen)
                return verdict.Devices[0];
        }

        throw new AcceleratorException("no backend was chosen");
    }

    /// <summary>Progress goes to the error stream, so that the table or the JSON can be kept.</summary>
    private static void Take(CheckResult result, List<CheckResult> results, bool json)
    {
        results.Add(result);
        if (!json || !result.Passed)
            Console.Error.WriteLine($"{Word(result),-8} {result.Suite}: {result.Name}{Detail(result)}");
    }

    private static string Word(CheckResult result) => result.Failure is not null ? "FAILED" : result.NotRun is not null ? "not run" : "ok";

    private static string Detail(CheckResult result) => (result.Failure ?? result.NotRun) is { } detail ? $": {detail}" : "";

    private static void Draw(Capabilities device, VerifyRecord record)
    {
        Table table = new Table().Border(TableBorder.Rounded)
            .Title($"{device.Backend}: {device.Device}, {device.Architecture}, {device.Arithmetic.Name}".EscapeMarkup())
            .AddColumns("suite", "passed", "failed", "not run");
        foreach ((string suite, VerifiedSuite counts) in record.Suites)
        {
            table.AddRow(
                new Text(suite), new Text(Number(counts.Passed)), new Text(Number(counts.Failed)), new Text(Number(counts.NotRun)));
        }

        AnsiConsole.Write(table);
        string standing = record.Failed > 0 ? $"{record.Failed} checks failed: do not serve on this device"
            : device.IsEmulated ? "emulated: this proves the code, not the hardware" : "verified";
        AnsiConsole.WriteLine(standing);
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
