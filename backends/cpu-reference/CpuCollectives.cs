using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference;

/// <summary>
/// Exchange between CPU ranks, whichever way values travel: the operations of the contract, and the readings that this
/// backend's own sums need, where each rank adds up what all of them show, in one order.
/// </summary>
public abstract class CpuCollectives : Collectives
{
    /// <summary>Exchange with the ranks that share the routed experts; null where they are not spread.</summary>
    public abstract ExpertExchange? Experts { get; }

    /// <summary>
    /// Shows this rank's values, of the same shape on every rank, and returns what all ranks show, rank 0 first. They stand
    /// until this rank calls <see cref="Release"/>; each must, before it shows anything again or lets go of its values.
    /// </summary>
    public abstract ReadOnlySpan<Published> Publish(Tensor values);

    /// <summary>This rank does not read what others showed any more. Returns when its own may be overwritten.</summary>
    public abstract void Release();
}
