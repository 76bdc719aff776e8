using Glm5.Core.Accelerator;

namespace Glm5.Backends.Simulated;

/// <summary>
/// Where some simulated ranks meet: those of a group, or those that have one place in all groups. Meetings can be poisoned.
/// </summary>
internal sealed class SimulatedGroup(int size)
{
    private readonly object _gate = new();

    /// <summary>[2, size] what each brought to this meeting and the one before: the last may still be being read.</summary>
    private readonly int[] _brought = new int[2 * size];

    /// <summary>[2] when the latest came.</summary>
    private readonly double[] _latest = new double[2];

    private int _arrived;
    private long _meeting;
    private string? _aborted;

    /// <summary>Ranks that meet here.</summary>
    public int Size => size;

    /// <summary>Returns when all ranks are here. Writes before it are visible to all after it.</summary>
    /// <exception cref="AcceleratorException">The meeting was aborted, before or while waiting.</exception>
    public void Arrive()
    {
        lock (_gate)
            Await();
    }

    /// <summary>The same, with a number from each rank and the time at which the latest came.</summary>
    /// <param name="rank">This rank.</param>
    /// <param name="mine">Its number.</param>
    /// <param name="seconds">When it comes.</param>
    /// <param name="all">[size] everybody's numbers.</param>
    public double Meet(int rank, int mine, double seconds, Span<int> all)
    {
        lock (_gate)
        {
            int half = (int)(_meeting & 1);
            _brought[(half * size) + rank] = mine;
            _latest[half] = Math.Max(_latest[half], seconds);
            Await();
            _brought.AsSpan(half * size, size).CopyTo(all);
            return _latest[half];
        }
    }

    /// <summary>Poisons every meeting for good; the first reason stands.</summary>
    public void Abort(string reason)
    {
        lock (_gate)
        {
            _aborted ??= reason;
            Monitor.PulseAll(_gate);
        }
    }

    private void Await()
    {
        long meeting = _meeting;
        if (_aborted is null && ++_arrived == size)
        {
            // Everybody has read what the meeting before left, or would not be here.
            _latest[(meeting + 1) & 1] = 0;
            (_arrived, _meeting) = (0, meeting + 1);
            Monitor.PulseAll(_gate);
            return;
        }

        while (_meeting == meeting && _aborted is null)
            Monitor.Wait(_gate);
        if (_meeting == meeting)
            throw new AcceleratorException($"{size} simulated ranks were stopped: {_aborted}");
    }
}
