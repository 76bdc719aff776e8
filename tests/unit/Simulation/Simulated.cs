using Glm5.Backends.Simulated;
using Glm5.Core;
using Glm5.Core.Simulation;
using Glm5.Core.Weights;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glm5.Tests.Unit.Simulation;

/// <summary>GLM-5's true shape on simulated devices.</summary>
internal static class Simulated
{
    /// <summary>Eight ranks and what a server would be started with.</summary>
    public static ModelOptions Options { get; } = new()
    {
        Folder = RepositoryFiles.Data("glm5-fp8"),
        Ranks = 8,
        MaxSequences = 128,
        MaxBatchedTokens = 4096,
        SkipTokenizer = true,
        AdaptSpeculation = false,
    };

    /// <summary>Serves a workload and returns its figures.</summary>
    public static SimulationResult Run(
        Workload workload, ModelOptions? options = null, string device = "sim:h200x8", SimulationSettings? settings = null,
        bool countsHostTime = false)
    {
        var times = new DeviceTimes(SimulatedBackend.Kinds);
        using LoadedModel model = Load(options ?? Options, device, (settings ?? new SimulationSettings()) with { Times = times });
        using var run = new SimulationRun(
            model, options ?? Options, workload, times, countsHostTime, NullLogger.Instance);
        return run.Run(null, CancellationToken.None);
    }

    /// <summary>Loads the shape.</summary>
    public static LoadedModel Load(ModelOptions options, string device, SimulationSettings settings) => ModelLoader.Load(
        options, new SimulatedBackend(device, settings), new LoadProgress(TimeProvider.System), NullLogger.Instance,
        CancellationToken.None);
}
