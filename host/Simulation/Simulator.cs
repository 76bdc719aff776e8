using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Simulation;
using Glm5.Core.Weights;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glm5.Host.Simulation;

/// <summary>Serves a workload on simulated devices, from loading the model's shape to the figures.</summary>
internal static class Simulator
{
    /// <summary>Runs one workload.</summary>
    /// <param name="device">The devices, as in <c>sim:h200x8</c>.</param>
    /// <param name="options">How the model is served; without a longest context, the workload's.</param>
    /// <param name="workload">The requests.</param>
    /// <param name="settings">What the devices cannot know.</param>
    /// <param name="countsHostTime">Whether the host's real time counts.</param>
    /// <param name="progress">Told now and then; null for nobody.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="AcceleratorException">The model does not fit the devices.</exception>
    public static SimulationResult Run(
        string device, ModelOptions options, Workload workload, SimulationSettings settings, bool countsHostTime,
        IProgress<SimulationProgress>? progress, CancellationToken cancel)
    {
        var times = new DeviceTimes(BackendCatalog.SimulatedKinds);
        Backend backend = BackendCatalog.Simulated(device, settings with { Times = times });
        ModelOptions served = options with
        {
            SkipTokenizer = true,
            MaxModelLength = options.MaxModelLength > 0 ? options.MaxModelLength : workload.Input.Most + workload.Output.Most,
        };
        using LoadedModel model = ModelLoader.Load(
            served, backend, new LoadProgress(TimeProvider.System), NullLogger.Instance, cancel);
        using var run = new SimulationRun(model, served, workload, times, countsHostTime, NullLogger.Instance);
        return run.Run(progress, cancel);
    }

    /// <summary>
    /// The probability, the same at each of so many places, with which drafts have to be accepted for a step to gain so many
    /// tokens on average: the p of p + p² + … = tokens − 1.
    /// </summary>
    public static double AcceptanceFor(double tokensPerStep, int drafts)
    {
        double low = 0, high = 1;
        for (int halvings = 0; halvings < 60; halvings++)
        {
            double p = (low + high) / 2, sum = 0, power = 1;
            for (int place = 0; place < drafts; place++)
                sum += power *= p;
            if (sum < tokensPerStep - 1)
                low = p;
            else
                high = p;
        }

        return (low + high) / 2;
    }

    /// <summary>
    /// From shares of drafts that were accepted at each place, as servers count them, to the probability at a place once all
    /// before it were accepted.
    /// </summary>
    public static double[] Conditional(IReadOnlyList<double> accepted)
    {
        double[] given = new double[accepted.Count];
        for (int place = 0; place < given.Length; place++)
            given[place] = place == 0 ? accepted[0] : accepted[place - 1] == 0 ? 0 : accepted[place] / accepted[place - 1];
        return given;
    }
}
