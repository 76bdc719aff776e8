using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Glm5.Core.Accelerator;
using Glm5.Core.Measurement;
using Spectre.Console;

namespace Glm5.Host.Cli;

/// <summary>
/// <c>glm5 bench layers</c>: times a few layers of GLM-5's own sizes on a device, against what the same device reaches in the same
/// run. Weights are seeded, so that no checkpoint is needed.
/// </summary>
internal static class BenchCommand
{
    private const string Fp8 = "fp8", Bf16 = "bf16", Glm5 = "glm-5", Small = "small";

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var device = new Option<string?>("--device") { Description = "The device to measure", DefaultValueFactory = _ => "auto" };
        DeviceFlag.Computing(device);
        var shape = new Option<string?>("--shape")
        {
            Description = $"Sizes of a layer; {Small} tries the measurement out and says nothing about GLM-5",
            DefaultValueFactory = _ => Glm5,
        };
        OneOf.Take(shape, Glm5, Small);
        var weights = new Option<string?>("--weights") { Description = "How weights are stored", DefaultValueFactory = _ => Fp8 };
        OneOf.Take(weights, Fp8, Bf16);
        Option<KvFormat?> cache = CacheFormat.Option();
        var layers = new Option<int>("--layers") { Description = "Layers, 1 to 4", DefaultValueFactory = _ => 1 };
        layers.Validators.Add(result => Check(result, layers, 1, 4));
        var batches = new Option<int[]>("--batch")
        {
            Description = "Sequences that decode together, one measurement each",
            DefaultValueFactory = _ => [1, 16, 64],
            AllowMultipleArgumentsPerToken = true,
        };
        var contexts = new Option<int[]>("--context")
        {
            Description = "Tokens in the caches of each sequence, one measurement each",
            DefaultValueFactory = _ => [4096, 65536],
            AllowMultipleArgumentsPerToken = true,
        };
        var chunks = new Option<int[]>("--prefill")
        {
            Description = "Tokens of a chunk of a prompt, one measurement each",
            DefaultValueFactory = _ => [2048],
            AllowMultipleArgumentsPerToken = true,
        };
        var rounds = new Option<int>("--rounds") { Description = "Rounds of each measurement", DefaultValueFactory = _ => 7 };
        rounds.Validators.Add(result => Check(result, rounds, 1, 1000));
        var steps = new Option<int>("--steps") { Description = "Steps of each round", DefaultValueFactory = _ => 50 };
        steps.Validators.Add(result => Check(result, steps, 1, 100_000));
        var json = new Option<bool>("--json") { Description = "Print the record as JSON for programs, no table" };
        var record = new Option<string?>("--record") { Description = "Folder that the JSON record is written into", HelpName = "folder" };
        var of = new Command("layers", "Time layers of GLM-5's sizes with seeded weights: decode steps and chunks of prompts")
        {
            device, shape, layers, weights, cache, batches, contexts, chunks, rounds, steps, json, record,
        };
        of.SetAction((line, cancel) => Task.FromResult(Run(
            new BenchRequest(
                line.GetValue(device)!, line.GetValue(shape) == Small ? MeasuredShape.Small : MeasuredShape.Glm5,
                line.GetValue(layers), line.GetValue(weights) == Fp8 ? ElementType.F8E4M3 : ElementType.BF16, line.GetValue(cache),
                line.GetValue(batches)!, line.GetValue(contexts)!, line.GetValue(chunks)!, line.GetValue(rounds), line.GetValue(steps)),
            line.GetValue(json), line.GetValue(record), cancel)));
        return new Command("bench", "Measure a device without a checkpoint") { of };
    }

    private static void Check(System.CommandLine.Parsing.OptionResult result, Option<int> option, int least, int most)
    {
        int value = result.GetValueOrDefault<int>();
        if (value < least || value > most)
            result.AddError($"{option.Name} is {value}; expected {least} to {most:N0}");
    }

    private static int Run(BenchRequest request, bool json, string? folder, CancellationToken cancel)
    {
        BackendChoice choice = BackendCatalog.Choose(request.Device);
        if (choice.Refusal is { } refusal)
            return Say.Error($"--device {request.Device}: {refusal}", ExitCode.Device);
        BenchRecord record;
        try
        {
            record = new BenchRun(choice.Backend, request, Console.Error).Measure(cancel);
        }
        catch (OperationCanceledException)
        {
            return Say.Error("bench was stopped; no record is written", ExitCode.Interrupted);
        }
        catch (AcceleratorException e)
        {
            return Say.Error(e.Message, ExitCode.Device);
        }

        if (json)
            Console.Out.WriteLine(JsonSerializer.Serialize(record, BenchJson.Default.BenchRecord));
        else
            Draw(record);
        if (folder is not null)
            Console.Error.WriteLine($"record: {record.Write(folder)}");
        return ExitCode.Done;
    }

    private static void Draw(BenchRecord record)
    {
        Table table = new Table().Border(TableBorder.Rounded)
            .Title($"{record.Shape}, {record.Layers} layers, {record.Weights} weights, {record.Cache} caches on {record.Device}".EscapeMarkup())
            .AddColumns("step", "us a layer", "10 % / 90 %", "GB a layer", "GB/s", "of copying", "TFLOP/s", "of the matrix rate", "captured");
        foreach (BenchLine line in record.Lines)
        {
            table.AddRow(
                new Text(line.Step), Number(line.MicrosecondsPerLayer, "N1"), new Text($"{line.Low:N1} / {line.High:N1}"),
                Number(line.GigabytesPerLayer, "N3"), Number(line.GigabytesPerSecond, "N0"), Number(line.ShareOfCopy, "P0"),
                Number(line.Teraflops, "N1"), Number(line.ShareOfMatrixRate, "P0"), new Text(line.IsCaptured ? "yes" : "no"));
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine(
            $"in the same run: copying {record.CopyGigabytesPerSecond:N0} GB/s (read and written), one large product {record.MatrixTeraflops:N1} TFLOP/s of BF16");
        if (record.Emulated)
            AnsiConsole.WriteLine("emulated: these are times of the stand-in, not of a device");
    }

    private static Text Number(double value, string format) => new(value.ToString(format, CultureInfo.InvariantCulture));
}
