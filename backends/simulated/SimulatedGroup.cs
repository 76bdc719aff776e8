using Glm5.Core.Accelerator;

namespace Glm5.Backends.Simulated;

/// <summary>Where the ranks of a simulated group meet: a barrier that can be poisoned.</summary>
internal sealed class SimulatedGroup(int size)
{
    private readonly object _gate = new();
    private int _arrived;
    private long _generation;
    private string? _aborted;

    /// <summary>Ranks in the group.</summary>
    public int Size => size;

    /// <summary>Returns when all ranks are here. Writes before it are visible to all after it.</summary>
    /// <exception cref="AcceleratorException">The group was aborted, before or while waiting.</exception>
    public void Arrive()
    {
        lock (_gate)
        {
            long generation = _generation;
            if (_aborted is null && ++_arrived == size)
            {
                (_arrived, _generation) = (0, generation + 1);
                Monitor.PulseAll(_gate);
                return;
            }

            while (_generation == generation && _aborted is null)
                Monitor.Wait(_gate);
            if (_generation == generation)
                throw new AcceleratorException($"the group of {size} ranks was stopped: {_aborted}");
        }
    }

    /// <summary>Poisons the group for good; the first reason stands.</summary>
    public void Abort(string reason)
    {
        lock (_gate)
        {
            _aborted ??= reason;
            Monitor.PulseAll(_gate);
        }
    }
}
