using Glm5.Core;
using Glm5.Core.Simulation;
using Glm5.Host.Cli;

namespace Glm5.Host.Simulation;

/// <summary>A published result beside its simulation. Ratios are of rates, simulated over published: above 1 the simulation is faster.</summary>
/// <param name="Published">The published result.</param>
/// <param name="OutputTokensPerSecond">Simulated.</param>
/// <param name="TtftSeconds">Simulated mean.</param>
/// <param name="TpotMilliseconds">Simulated mean.</param>
/// <param name="RooflineTpotMilliseconds">The same from published peaks alone, without efficiency and latencies.</param>
/// <param name="ThroughputRatio">Of tokens a second; null where none is published.</param>
/// <param name="TtftRatio">Published time to the first token over the simulated one.</param>
/// <param name="TpotRatio">Published time of a token over the simulated one.</param>
internal sealed record Comparison(
    PublishedFigure Published, double OutputTokensPerSecond, double TtftSeconds, double TpotMilliseconds,
    double RooflineTpotMilliseconds, double? ThroughputRatio, double? TtftRatio, double? TpotRatio)
{
    /// <summary>Off by more than this, a reason is due.</summary>
    public const double FarOff = 2;

    /// <summary>Whether a rate of tokens is off by more than two.</summary>
    public bool IsFarOff => Far(ThroughputRatio) || Far(TpotRatio);

    /// <summary>Simulates a published result.</summary>
    public static Comparison Of(PublishedFigure published, CancellationToken cancel)
    {
        SimulationResult result = Run(published, roofline: false, cancel), floor = Run(published, roofline: true, cancel);
        double ttft = result.TimeToFirstToken.Mean, tpot = result.TimePerOutputToken.Mean * 1000;
        return new Comparison(
            published, result.OutputTokensPerSecond, ttft, tpot, floor.TimePerOutputToken.Mean * 1000,
            result.OutputTokensPerSecond / published.OutputTokensPerSecond, published.TtftSeconds / ttft,
            published.TpotMilliseconds / tpot);
    }

    private static SimulationResult Run(PublishedFigure published, bool roofline, CancellationToken cancel)
    {
        var workload = new Workload
        {
            Requests = published.Requests,
            Input = LengthRange.Parse(published.Input)!.Value,
            Output = LengthRange.Parse(published.Output)!.Value,
            Concurrency = published.Concurrency,
            Rate = published.Rate > 0 ? published.Rate : double.PositiveInfinity,
            SharedPrefix = published.SharedPrefix,
        };
        var options = new ModelOptions
        {
            Folder = ModelShape.Published(published.Model)!,
            Ranks = published.Ranks,
            Groups = published.Groups,
            SpreadExperts = published.SpreadExperts,
            MaxSequences = published.MaxSequences,
            MaxBatchedTokens = published.MaxBatchedTokens,
            SpeculativeTokens = published.Drafts,
            AdaptSpeculation = false,
            PrefixCaching = published.SharedPrefix > 0,
        };
        return Simulator.Run(
            published.Device, options, workload, new SimulationSettings { Acceptance = Acceptance(published), Roofline = roofline },
            countsHostTime: false, progress: null, cancel);
    }

    private static double[] Acceptance(PublishedFigure published) =>
        published.Accepted is { } accepted ? Simulator.Conditional(accepted)
        : published.AcceptedLength is { } length ? [Simulator.AcceptanceFor(length, published.Drafts)]
        : [0];

    private static bool Far(double? ratio) => ratio is > FarOff or < 1 / FarOff;
}
