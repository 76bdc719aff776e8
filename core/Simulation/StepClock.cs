using System.Diagnostics;

namespace Glm5.Core.Simulation;

/// <summary>
/// The clock of simulated ranks, over all their groups: it stands still while a step is computed and moves by what the
/// slowest rank needed once all groups have completed it. The host's own work is measured by the machine's clock: what it
/// does while a step is under way is hidden behind the devices, what it does between two steps is their idle time.
/// </summary>
internal sealed class StepClock(int groups, DeviceTimes times, VirtualTime clock, bool countsHostTime)
{
    private long _began, _completed;
    private double _beside;
    private int _running;
    private bool _isResting = true;

    /// <summary>Seconds of each step on the devices.</summary>
    public List<double> Steps { get; } = [];

    /// <summary>Real seconds of the host between two steps, where one followed the other.</summary>
    public List<double> Gaps { get; } = [];

    /// <summary>Real seconds of the host beside each step.</summary>
    public List<double> Overlaps { get; } = [];

    /// <summary>There was nothing to run: the time until the next step is nobody's idle time.</summary>
    public void Rest() => _isResting = true;

    /// <summary>What is not the engine's is done now: making requests up and reading answers is the clients' work.</summary>
    public void SetAside(TimeSpan elsewhere)
    {
        if (!_isResting)
            _completed += (long)(elsewhere.TotalSeconds * Stopwatch.Frequency);
    }

    /// <summary>A group's step is about to begin; devices wait no more once the first one's does.</summary>
    public void Beginning()
    {
        if (_running > 0)
            return;
        if (!_isResting)
        {
            double gap = Stopwatch.GetElapsedTime(_completed).TotalSeconds;
            Gaps.Add(gap);
            if (countsHostTime)
                clock.Advance(gap);
        }

        _isResting = false;
    }

    /// <summary>A group's step has begun.</summary>
    public void Begun()
    {
        if (++_running == groups)
            _began = Stopwatch.GetTimestamp();
    }

    /// <summary>The engine has nothing more to do beside the step and waits for a group.</summary>
    public void Completing()
    {
        if (_running < groups)
            return;
        _beside = Stopwatch.GetElapsedTime(_began).TotalSeconds;
        Overlaps.Add(_beside);
    }

    /// <summary>A group has completed the step.</summary>
    public void Completed()
    {
        if (--_running > 0)
            return;
        double step = times.TakeStep();
        Steps.Add(step);
        clock.Advance(countsHostTime ? Math.Max(step, _beside) : step);
        _completed = Stopwatch.GetTimestamp();
    }
}
