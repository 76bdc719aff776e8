using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference;

/// <summary>What a rank shows its peers: F32 values in memory that all of them can read.</summary>
/// <param name="Address">Of the first value.</param>
/// <param name="RowStride">Values from one row to the next.</param>
public readonly record struct Published(nint Address, long RowStride);

/// <summary>
/// The meeting point of the ranks of one process: a barrier that can be poisoned, and a place for each rank to publish an
/// address. Shared by all ranks' <see cref="InProcessCollectives"/>.
/// </summary>
public sealed class CpuGroup(int size)
{
    // Kernels of a step take micro- to milliseconds, so peers are mostly near; but ranks may outnumber cores, and then
    // a spinning rank keeps its peer from running.
    private readonly int _spins = Environment.ProcessorCount > size ? 200 : 10;

    private readonly object _gate = new();
    private readonly Published[] _published = new Published[size];
    private int _arrived;
    private volatile int _generation;
    private volatile string? _aborted;

    /// <summary>Ranks in the group.</summary>
    public int Size { get; } = size;

    /// <summary>What each rank published; to be read between two barriers.</summary>
    internal ReadOnlySpan<Published> Published => _published;

    /// <summary>Shows <paramref name="values"/> to the peers, who may read it after the next barrier.</summary>
    internal void Publish(int rank, Published values) => _published[rank] = values;

    /// <summary>Returns when all ranks are here. Writes before it are visible to all after it.</summary>
    /// <exception cref="AcceleratorException">The group was aborted, before or while waiting.</exception>
    internal void Arrive()
    {
        ThrowIfAborted();
        if (Size == 1)
            return;
        int generation = _generation;
        if (Interlocked.Increment(ref _arrived) == Size)
        {
            _arrived = 0;
            Open(generation + 1);
            return;
        }

        SpinWait spin = default;
        while (spin.Count < _spins && IsWaiting(generation))
            spin.SpinOnce(sleep1Threshold: -1);
        Block(generation);
        if (_generation == generation)
            ThrowIfAborted();
    }

    /// <summary>Poisons the group for good; the first reason stands.</summary>
    internal void Abort(string reason)
    {
        lock (_gate)
        {
            _aborted ??= reason;
            Monitor.PulseAll(_gate);
        }
    }

    private void Open(int generation)
    {
        lock (_gate)
        {
            _generation = generation;
            Monitor.PulseAll(_gate);
        }
    }

    private void Block(int generation)
    {
        if (!IsWaiting(generation))
            return;
        lock (_gate)
        {
            while (IsWaiting(generation))
                Monitor.Wait(_gate);
        }
    }

    private bool IsWaiting(int generation) => _generation == generation && _aborted is null;

    private void ThrowIfAborted()
    {
        if (_aborted is { } reason)
            throw new AcceleratorException($"the group of {Size} ranks was stopped: {reason}");
    }
}
