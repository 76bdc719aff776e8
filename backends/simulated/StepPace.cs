using System.Diagnostics;

namespace Glm5.Backends.Simulated;

/// <summary>
/// Lets steps last in real time what they are said to take, for a server that is tested without its devices. Sleeping is
/// coarse: what a step overslept is taken off the next ones, so that rates are right over many.
/// </summary>
internal sealed class StepPace
{
    private const double ShortestSleep = 1e-3;

    private long _began = -1;
    private double _owed;

    /// <summary>Work of a step begins, unless it has already.</summary>
    public void Begin()
    {
        if (_began < 0)
            _began = Stopwatch.GetTimestamp();
    }

    /// <summary>Returns when the step that began would be done.</summary>
    public void Wait(double seconds)
    {
        long now = Stopwatch.GetTimestamp();
        double took = _began < 0 ? 0 : Stopwatch.GetElapsedTime(_began, now).TotalSeconds;
        _began = -1;
        // A host that fell behind by more than one step does not catch up by running faster than the device.
        _owed = Math.Max(_owed + seconds - took, -seconds);
        if (_owed < ShortestSleep)
            return;
        Thread.Sleep((int)(_owed * 1000));
        _owed -= Stopwatch.GetElapsedTime(now).TotalSeconds;
    }
}
