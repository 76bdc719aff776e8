namespace Glm5.Core.Simulation;

/// <summary>What a simulated device cannot know of itself.</summary>
public sealed record SimulationSettings
{
    /// <summary>
    /// How probable it is that the draft at each place is accepted once all before it are; the last stands for all behind
    /// it.
    /// </summary>
    public IReadOnlyList<double> Acceptance { get; init; } = [0.85];

    /// <summary>Published peaks alone, without measured efficiency and without the latency of kernels and exchanges.</summary>
    public bool Roofline { get; init; }

    /// <summary>Where devices report what their work takes; null: steps last that long in real time.</summary>
    public DeviceTimes? Times { get; init; }
}
