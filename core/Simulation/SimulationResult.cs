namespace Glm5.Core.Simulation;

/// <summary>What a simulated run of a workload came to. Seconds are simulated ones unless they are said to be real.</summary>
public sealed record SimulationResult
{
    /// <summary>Requests answered.</summary>
    public required int Requests { get; init; }

    /// <summary>Tokens of all prompts.</summary>
    public required long InputTokens { get; init; }

    /// <summary>Tokens of all answers.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>From the first arrival to the last token.</summary>
    public required double Seconds { get; init; }

    /// <summary>From a request's arrival to its first token.</summary>
    public required Spread TimeToFirstToken { get; init; }

    /// <summary>Of each answer of two tokens or more, the mean time of a token behind the first.</summary>
    public required Spread TimePerOutputToken { get; init; }

    /// <summary>From a request's arrival to its last token.</summary>
    public required Spread EndToEnd { get; init; }

    /// <summary>Steps.</summary>
    public required long Steps { get; init; }

    /// <summary>What a step takes the devices.</summary>
    public required Spread Step { get; init; }

    /// <summary>Share of the time that the devices computed.</summary>
    public required double Busy { get; init; }

    /// <summary>Sequences that ran, mean over time.</summary>
    public required double MeanRunning { get; init; }

    /// <summary>The most sequences that ran.</summary>
    public required int MostRunning { get; init; }

    /// <summary>Tokens that a sequence gained in a step that decoded it; 1 without drafts.</summary>
    public required double TokensPerStep { get; init; }

    /// <summary>Share of the KV blocks that sequences owned, mean over time.</summary>
    public required double MeanKvUse { get; init; }

    /// <summary>The largest share.</summary>
    public required double MostKvUse { get; init; }

    /// <summary>Tokens that the KV blocks of all groups hold.</summary>
    public required long KvTokens { get; init; }

    /// <summary>Share of prompt tokens that the prefix cache had.</summary>
    public required double PrefixHits { get; init; }

    /// <summary>Share of prompt tokens that came back from the host, which are among those.</summary>
    public required double PrefixRecalled { get; init; }

    /// <summary>Sequences preempted.</summary>
    public required long Preemptions { get; init; }

    /// <summary>Real seconds of the host between two steps: the devices' idle time.</summary>
    public required Spread HostBetweenSteps { get; init; }

    /// <summary>Real seconds of the host beside a step: hidden behind the devices.</summary>
    public required Spread HostBesideSteps { get; init; }

    /// <summary>Idle time as a share of idle and computing time.</summary>
    public required double IdleShare { get; init; }

    /// <summary>Kernels and exchanges of a step on a rank, mean.</summary>
    public required double KernelsPerStep { get; init; }

    /// <summary>Shares of the ranks' time, by what it goes to.</summary>
    public required IReadOnlyDictionary<string, double> TimeByKind { get; init; }

    /// <summary>Real seconds that simulating took.</summary>
    public required double RealSeconds { get; init; }

    /// <summary>Tokens of answers a second.</summary>
    public double OutputTokensPerSecond => OutputTokens / Seconds;

    /// <summary>Tokens of prompts and answers a second.</summary>
    public double TotalTokensPerSecond => (InputTokens + OutputTokens) / Seconds;
}

/// <summary>How far a run is.</summary>
/// <param name="Done">Requests answered.</param>
/// <param name="Seconds">Simulated time.</param>
public readonly record struct SimulationProgress(int Done, double Seconds);
