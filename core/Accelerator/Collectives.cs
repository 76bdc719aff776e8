namespace Glm5.Core.Accelerator;

/// <summary>
/// Exchange between the ranks of a group. Every rank calls the same operations in the same order; each returns when the
/// rank's own result is there. A rank that fails calls <see cref="Abort"/>, and every waiting peer throws.
/// </summary>
public abstract class Collectives
{
    /// <summary>This rank, from 0.</summary>
    public abstract int Rank { get; }

    /// <summary>Ranks in the group.</summary>
    public abstract int Size { get; }

    /// <summary>Sums F32 <paramref name="values"/> over all ranks in rank order, in place on every rank.</summary>
    public abstract void AllReduceSum(Tensor values);

    /// <summary>Joins each rank's columns [rows, width / size] to [rows, width], rank 0's first, on every rank.</summary>
    public abstract void AllGatherColumns(Tensor local, Tensor into);

    /// <summary>Each rank's number, in rank order, on every rank.</summary>
    public abstract void AllGather(int mine, Span<int> all);

    /// <summary>
    /// Joins each rank's rows to [Σ rows, width], rank 0's first, on every rank; elements of four bytes.
    /// </summary>
    /// <param name="local">[rows of this rank, width].</param>
    /// <param name="rows">[size] rows of each rank.</param>
    /// <param name="into">[Σ rows, width].</param>
    public abstract void AllGatherRows(Tensor local, ReadOnlySpan<int> rows, Tensor into);

    /// <summary>Sums F32 values over all ranks in rank order, and leaves each rank with the sums of its own rows.</summary>
    /// <param name="values">[Σ rows, width]; may be overwritten.</param>
    /// <param name="rows">[size] rows of each rank.</param>
    /// <param name="into">[rows of this rank, width].</param>
    public abstract void ReduceScatterRows(Tensor values, ReadOnlySpan<int> rows, Tensor into);

    /// <summary>
    /// The ranks that have this one's place in the other groups, in the order of groups; null where there is one group.
    /// </summary>
    public virtual Collectives? Across => null;

    /// <summary>
    /// True when the host's objects are common to all ranks of the group, so that what one has written there the others read
    /// after a <see cref="Barrier"/>; false when they are processes, and it has to travel.
    /// </summary>
    public virtual bool SharesHostMemory => true;

    /// <summary>Rank 0's numbers, on every rank.</summary>
    public abstract void Broadcast(Span<int> values);

    /// <summary>Returns when every rank has called it.</summary>
    public abstract void Barrier();

    /// <summary>Poisons the group, and with it every other: peers that wait, now or later, throw an <see cref="AcceleratorException"/> with this reason.</summary>
    public abstract void Abort(string reason);
}
