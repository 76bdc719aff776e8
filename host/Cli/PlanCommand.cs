using System.CommandLine;
using System.Text.Json;
using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Planning;
using Glm5.Core.Weights;
using Glm5.Host.Cli.Flags;

namespace Glm5.Host.Cli;

/// <summary>
/// <c>glm5 plan</c>: where each rank's memory would go, in every layout, from headers or a config.json alone. Nothing is
/// loaded and no device is opened.
/// </summary>
internal sealed class PlanCommand
{
    private readonly ModelFlags _model = new(byShape: true);
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON for programs" };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var plan = new PlanCommand();
        var command = new LayeredCommand(
            "plan", "Show what fits on which devices in which layout, and what is left for context and concurrency");
        plan._model.AddTo(command);
        command.Add(new FlagGroup("Output", plan._json));
        command.SetAction(plan.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        try
        {
            ModelShape shape = _model.Shape(line);
            BackendChoice choice = BackendCatalog.Choose(_model.Device(line));
            if (choice.Refusal is not null)
                return Say.Error($"{choice.Backend.Name} cannot be used here: {choice.Refusal}", ExitCode.Device);
            if (choice.Backend.Footprint is not { } footprint)
                return Say.Error($"{choice.Backend.Name} cannot say without opening its devices what fits", ExitCode.Device);
            using WeightBlueprint weights = shape.Read();
            PlanAnswer answer = Answer(line, shape, weights, footprint);
            if (line.GetValue(_json))
                Console.Out.WriteLine(JsonSerializer.Serialize(answer, PlanJson.Default.PlanAnswer));
            else
                PlanTable.Draw(answer);
            return answer.Chosen is { Fits: true } ? ExitCode.Done : ExitCode.Device;
        }
        catch (Exception exception) when (LoadFailure.CodeOf(exception) is { } code)
        {
            return Say.Error(exception.Message, code);
        }
    }

    private PlanAnswer Answer(ParseResult line, ModelShape shape, WeightBlueprint weights, DeviceFootprint footprint)
    {
        ModelOptions options = _model.Read(line, shape.Path);
        var planner = new MemoryPlanner(weights, footprint, options);
        IReadOnlyList<TriedLayout> tried = LayoutSearch.All(planner, footprint);
        MemoryPlan? chosen = _model.NamesLayout(line)
            ? planner.Plan(ParallelLayout.Of(options))
            : (LayoutSearch.Nearest(tried) ?? LayoutSearch.Longest(tried) ?? Plainest(tried))?.Plan;
        return PlanAnswer.Of(
            shape, weights, footprint, tried, chosen, chosen is null ? [] : Formats(weights, footprint, options, chosen.Layout),
            chosen is { Fits: false } ? FitCheck.Refusal(chosen, footprint, tried) : null);
    }

    private static List<PlannedFormat> Formats(
        WeightBlueprint weights, DeviceFootprint footprint, ModelOptions options, ParallelLayout layout)
    {
        var formats = new List<PlannedFormat>();
        foreach (KvFormat format in footprint.KvFormats)
        {
            var planner = new MemoryPlanner(weights, footprint, options with { KvFormat = format });
            bool isChosen = format == (options.KvFormat ?? footprint.KvFormats[0]);
            formats.Add(PlannedFormat.Of(format, isChosen, planner.Plan(layout)));
        }

        return formats;
    }

    /// <summary>What is shown in detail where nothing fits: the model over all devices, in slices.</summary>
    private static TriedLayout? Plainest(IReadOnlyList<TriedLayout> tried) =>
        tried.LastOrDefault(layout => layout is { Plan: not null, Layout: { Data: 1, Expert: false } });
}
