using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Planning;
using Glm5.Core.Simulation;
using Glm5.Host.Cli.Flags;
using Glm5.Host.Simulation;

namespace Glm5.Host.Cli;

/// <summary>
/// <c>glm5 simulate</c>: a made-up load on devices that are not here, by the real scheduler, caches, drafting and ranks, in
/// simulated time; or published results beside their simulation.
/// </summary>
internal sealed class SimulateCommand
{
    private const string Machine = "sim:h200x8";
    private const int MostRanks = 64;

    private readonly ModelFlags _model = new(byShape: true);
    private readonly Option<int> _requests = WholeNumber.Option("--num-prompts", "Requests", 1, 10_000_000, 1000);
    private readonly Option<int> _concurrency = WholeNumber.Option(
        "--max-concurrency", "Requests under way at once; the next comes when one has its answer [default: no bound]", 1, 1_000_000, 0);

    private readonly Option<double> _rate = Number(
        "--request-rate", "Requests a second, at random moments [default: all at once]", "rate", 1e-6, 1e9, 0);

    private readonly Option<LengthRange> _input = Length("--input-len", "Tokens of a prompt: a number, or evenly from a range", 1000);
    private readonly Option<LengthRange> _output = Length("--output-len", "Tokens of an answer, likewise", 1000);
    private readonly Option<double> _shared = Number(
        "--shared-prefix", "Share of each prompt that it has in common with others", "share", 0, 1, 0);

    private readonly Option<int> _groups = WholeNumber.Option(
        "--prefix-groups", "Groups of requests, each with a prefix of its own in common", 1, 1_000_000, 1);

    private readonly Option<double> _acceptedLength = Number(
        "--acceptance-length", "Tokens that a step gains on average with drafts [default: each draft accepted with 0.85]",
        "tokens", 1, 8, 0);

    private readonly Option<bool> _adapt = new("--adapt-speculation")
    {
        Description = "Let the engine draft fewer tokens where that is faster, as serving does",
    };

    private readonly Option<int> _seed = WholeNumber.Option("--workload-seed", "Makes other requests", 1, int.MaxValue, 1);
    private readonly Option<bool> _roofline = new("--roofline")
    {
        Description = "Published peaks alone, without measured efficiency and the latency of kernels and exchanges",
    };

    private readonly Option<bool> _hostTime = new("--count-host-time")
    {
        Description = "Let devices wait for this machine where the host is not ready; figures then depend on it",
    };

    private readonly Option<bool> _published = new("--published")
    {
        Description = "Simulate published results instead, and print each with the ratio",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print JSON for programs" };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var simulate = new SimulateCommand();
        var command = new LayeredCommand("simulate", $"Show what a model would do under load on simulated devices, {Machine} unless others are named");
        simulate._model.AddTo(command);
        command.Add(new FlagGroup(
            "The load", simulate._requests, simulate._concurrency, simulate._rate, simulate._input, simulate._output,
            simulate._shared, simulate._groups, simulate._seed));
        command.Add(new FlagGroup(
            "The simulation", simulate._acceptedLength, simulate._adapt, simulate._roofline, simulate._hostTime, simulate._published, simulate._json));
        command.SetAction((line, _) => Task.FromResult(simulate.Run(line)));
        return command;
    }

    private int Run(ParseResult line)
    {
        using var signals = new StopSignals();
        try
        {
            return line.GetValue(_published) ? Compare(line, signals.Stop) : Simulate(line, signals.Stop);
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            return Say.Error("stopped", ExitCode.Interrupted);
        }
        catch (RequestRefusedException refusal)
        {
            return Say.Error(refusal.Message, ExitCode.Usage);
        }
        catch (Exception exception) when (LoadFailure.CodeOf(exception) is { } code)
        {
            return Say.Error(exception.Message, code);
        }
    }

    private int Simulate(ParseResult line, CancellationToken cancel)
    {
        string device = _model.Device(line) is var word && word == "auto" ? Machine : word;
        if (!BackendCatalog.IsSimulated(device))
            return Say.Error($"--device {device} is a real one; simulate takes simulated ones such as {Machine}", ExitCode.Usage);
        ModelShape shape = _model.Shape(line);
        ModelOptions options = Options(line, shape, device);
        Workload workload = ReadWorkload(line);
        SimulationResult result = SimulateDisplay.Show(workload.Requests, progress => Simulator.Run(
            device, options, workload, Settings(line, options), line.GetValue(_hostTime), progress, cancel));
        var answer = new SimulateAnswer(
            shape.Name, device, ParallelLayout.Of(options).ToString(), options.Ranks, options.Groups,
            CacheFormat.Word(options.KvFormat!.Value), options.SpeculativeTokens, options.MaxSequences, options.MaxBatchedTokens,
            workload.Input.ToString(), workload.Output.ToString(), workload.Concurrency,
            double.IsInfinity(workload.Rate) ? null : workload.Rate, workload.SharedPrefix, result);
        if (line.GetValue(_json))
            Console.Out.WriteLine(JsonSerializer.Serialize(answer, SimulateJson.Default.SimulateAnswer));
        else
            SimulateTable.Draw(answer);
        return ExitCode.Done;
    }

    private int Compare(ParseResult line, CancellationToken cancel)
    {
        IReadOnlyList<PublishedFigure> figures = PublishedFigure.All();
        var compared = new List<Comparison>();
        foreach (PublishedFigure figure in figures)
        {
            Console.Error.WriteLine($"{compared.Count + 1} of {figures.Count}: {figure.System}");
            compared.Add(Comparison.Of(figure, cancel));
        }

        if (line.GetValue(_json))
            Console.Out.WriteLine(JsonSerializer.Serialize(compared, SimulateJson.Default.ListComparison));
        else
            SimulateTable.Draw(compared);
        return ExitCode.Done;
    }

    private ModelOptions Options(ParseResult line, ModelShape shape, string device)
    {
        DeviceFootprint devices = BackendCatalog.Simulated(device, new SimulationSettings()).Footprint!;
        ModelOptions options = _model.Read(line, shape.Path);
        return options with
        {
            Ranks = _model.Ranks(line) ?? RanksOf(devices.Devices / options.Groups),
            KvFormat = options.KvFormat ?? devices.KvFormats[0],
            AdaptSpeculation = line.GetValue(_adapt),
        };
    }

    /// <summary>As many as there are devices for, of the numbers that divide GLM-5.</summary>
    private static int RanksOf(int devices) =>
        devices < 1 ? 1 : 1 << BitOperations.Log2((uint)Math.Min(devices, MostRanks));

    private SimulationSettings Settings(ParseResult line, ModelOptions options)
    {
        double length = line.GetValue(_acceptedLength);
        var settings = new SimulationSettings { Roofline = line.GetValue(_roofline) };
        return length > 0 && options.SpeculativeTokens > 0
            ? settings with { Acceptance = [Simulator.AcceptanceFor(length, options.SpeculativeTokens)] }
            : settings;
    }

    private Workload ReadWorkload(ParseResult line) => new()
    {
        Requests = line.GetValue(_requests),
        Input = line.GetValue(_input),
        Output = line.GetValue(_output),
        Concurrency = line.GetValue(_concurrency),
        Rate = line.GetValue(_rate) is var rate && rate > 0 ? rate : double.PositiveInfinity,
        SharedPrefix = line.GetValue(_shared),
        PrefixGroups = line.GetValue(_groups),
        Seed = line.GetValue(_seed),
    };

    private static Option<LengthRange> Length(string name, string description, int standard) => new(name)
    {
        Description = description,
        HelpName = "n or n..m",
        DefaultValueFactory = _ => new LengthRange(standard, standard),
        CustomParser = result => Parse(result, name),
    };

    private static LengthRange Parse(ArgumentResult result, string name)
    {
        if (LengthRange.Parse(result.Tokens[0].Value) is { } range)
            return range;
        result.AddError($"{name} is '{result.Tokens[0].Value}'; expected a number of tokens such as 1000, or a range such as 200..1800");
        return default;
    }

    private static Option<double> Number(string name, string description, string of, double least, double most, double standard)
    {
        var option = new Option<double>(name) { Description = description, HelpName = of };
        if (standard != 0)
            option.DefaultValueFactory = _ => standard;
        option.CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            if (double.TryParse(word, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
                && number >= least && number <= most)
            {
                return number;
            }

            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} is '{word}'; expected a number from {least} to {most}"));
            return default;
        };
        return option;
    }
}
