namespace Glm5.Core.Accelerator;

/// <summary>A captured step, owned by the backend that captured it.</summary>
public abstract class CapturedStep : IDisposable
{
    /// <summary>Frees the captured work. A second call does nothing.</summary>
    public abstract void Dispose();
}

/// <summary>
/// Capture and replay of whole steps. A body must not synchronise with the host, allocate outside the arena, or branch
/// on device values. Null means eager, and eager is always right.
/// </summary>
public abstract class StepGraphs
{
    /// <summary>A backend that runs every step eagerly.</summary>
    public static StepGraphs None { get; } = new Eager();

    /// <summary>Runs the body once while recording it for steps shaped like the plan; null when this shape stays eager
    /// (then nothing ran).</summary>
    public abstract CapturedStep? TryCapture(StepPlan plan, Action body);

    /// <summary>Runs a captured step with the plan's values; false when the plan does not fit it (then nothing ran).
    /// The caller keeps weights, caches and arena alive and starts no other work on the rank meanwhile.</summary>
    public abstract bool Replay(CapturedStep step, StepPlan plan);

    private sealed class Eager : StepGraphs
    {
        public override CapturedStep? TryCapture(StepPlan plan, Action body) => null;

        public override bool Replay(CapturedStep step, StepPlan plan) => false;
    }
}
