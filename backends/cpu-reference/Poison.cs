using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference;

/// <summary>
/// Ends the exchange of all ranks of a process at once and for good. A rank takes part in several groups: when it fails,
/// peers in any of them must not wait for it.
/// </summary>
public sealed class Poison
{
    private readonly List<object> _gates = [];
    private volatile string? _reason;

    /// <summary>Why nothing is exchanged any more; null while all is well.</summary>
    public string? Reason => _reason;

    /// <summary>Adds a lock whose waiters are woken. Before any rank runs.</summary>
    public void Wake(object gate) => _gates.Add(gate);

    /// <summary>Stops everybody who waits, now or later; the first reason stands.</summary>
    public void Spread(string reason)
    {
        Interlocked.CompareExchange(ref _reason, reason, null);
        foreach (object gate in _gates)
        {
            lock (gate)
                Monitor.PulseAll(gate);
        }
    }

    /// <summary>Throws when it has spread.</summary>
    /// <exception cref="AcceleratorException">Something has failed; says what.</exception>
    public void ThrowIfSpread(int ranks)
    {
        if (_reason is { } reason)
            throw new AcceleratorException($"the group of {ranks} ranks was stopped: {reason}");
    }
}
