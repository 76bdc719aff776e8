using System.Diagnostics;
using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;

namespace Glm5.Core.Simulation;

/// <summary>
/// Runs simulated ranks and owns their clock: it stands still while a step is computed and moves by what the step takes
/// once it is complete. The host's own work is measured by the machine's clock: what it does while a step is under way is
/// hidden behind the device, what it does between two steps is the device's idle time.
/// </summary>
internal sealed class ClockedRunner(StepRunner ranks, DeviceTimes times, VirtualTime clock, bool countsHostTime) : StepRunner
{
    private long _began, _completed;
    private bool _isResting = true;

    /// <summary>Seconds of each step on the devices.</summary>
    public List<double> Steps { get; } = [];

    /// <summary>Real seconds of the host between two steps, where one followed the other.</summary>
    public List<double> Gaps { get; } = [];

    /// <summary>Real seconds of the host beside each step.</summary>
    public List<double> Overlaps { get; } = [];

    /// <inheritdoc/>
    public override int Blocks => ranks.Blocks;

    /// <inheritdoc/>
    public override int BlockSlots => ranks.BlockSlots;

    /// <inheritdoc/>
    public override int VocabularySize => ranks.VocabularySize;

    /// <inheritdoc/>
    public override string KvIdentity => ranks.KvIdentity;

    /// <inheritdoc/>
    public override int DraftLength => ranks.DraftLength;

    /// <summary>There was nothing to run: the time until the next step is nobody's idle time.</summary>
    public void Rest() => _isResting = true;

    /// <summary>What is not the engine's is done now: making requests up and reading answers is the clients' work.</summary>
    public void SetAside(TimeSpan elsewhere)
    {
        if (!_isResting)
            _completed += (long)(elsewhere.TotalSeconds * Stopwatch.Frequency);
    }

    /// <inheritdoc/>
    public override void Begin(StepLayout layout, SampleBatch batch)
    {
        if (!_isResting)
        {
            double gap = Stopwatch.GetElapsedTime(_completed).TotalSeconds;
            Gaps.Add(gap);
            if (countsHostTime)
                clock.Advance(gap);
        }

        _isResting = false;
        ranks.Begin(layout, batch);
        _began = Stopwatch.GetTimestamp();
    }

    /// <inheritdoc/>
    public override void Complete()
    {
        double beside = Stopwatch.GetElapsedTime(_began).TotalSeconds;
        Overlaps.Add(beside);
        ranks.Complete();
        double step = times.TakeStep();
        Steps.Add(step);
        clock.Advance(countsHostTime ? Math.Max(step, beside) : step);
        _completed = Stopwatch.GetTimestamp();
    }

    /// <inheritdoc/>
    public override void Dispose() => ranks.Dispose();
}
