namespace Glm5.Backends.CpuReference;

/// <summary>What a rank shows its peers: values of four bytes in memory that all of them can read.</summary>
/// <param name="Address">Of the first value.</param>
/// <param name="RowStride">Values from one row to the next.</param>
/// <param name="Rows">How many rows, where ranks may have different numbers of them.</param>
public readonly record struct Published(nint Address, long RowStride, long Rows = 0);

/// <summary>
/// The meeting point of some ranks of one process: a barrier that can be poisoned, and a place for each rank to publish an
/// address. Shared by these ranks' <see cref="InProcessCollectives"/>.
/// </summary>
public sealed class CpuGroup
{
    // Kernels of a step take micro- to milliseconds, so peers are mostly near; but ranks may outnumber cores, and then
    // a spinning rank keeps its peer from running.
    private readonly int _spins;

    private readonly object _gate = new();
    private readonly Poison _poison;
    private readonly Published[] _published;
    private int _arrived;
    private volatile int _generation;

    /// <summary>A group of so many ranks, which fails with all others that share the poison; null: alone.</summary>
    public CpuGroup(int size, Poison? poison = null)
    {
        (Size, _poison, _published) = (size, poison ?? new Poison(), new Published[size]);
        _spins = Environment.ProcessorCount > size ? 200 : 10;
        _poison.Wake(_gate);
    }

    /// <summary>Ranks in the group.</summary>
    public int Size { get; }

    /// <summary>What each rank published; to be read between two barriers.</summary>
    internal ReadOnlySpan<Published> Published => _published;

    /// <summary>Shows <paramref name="values"/> to the peers, who may read it after the next barrier.</summary>
    internal void Publish(int rank, Published values) => _published[rank] = values;

    /// <summary>Returns when all ranks are here. Writes before it are visible to all after it.</summary>
    /// <exception cref="Core.Accelerator.AcceleratorException">The group was aborted, before or while waiting.</exception>
    internal void Arrive()
    {
        _poison.ThrowIfSpread(Size);
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
            _poison.ThrowIfSpread(Size);
    }

    /// <summary>Poisons the group for good; the first reason stands.</summary>
    internal void Abort(string reason) => _poison.Spread(reason);

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

    private bool IsWaiting(int generation) => _generation == generation && _poison.Reason is null;
}
