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

    /// <summary>Returns when every rank has called it.</summary>
    public abstract void Barrier();

    /// <summary>Poisons the group: peers that wait, now or later, throw an <see cref="AcceleratorException"/> with this reason.</summary>
    public abstract void Abort(string reason);
}
