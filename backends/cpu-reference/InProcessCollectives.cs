using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference;

/// <summary>
/// Exchange between ranks that are threads of one process: they read and write each other's memory between barriers.
/// </summary>
public sealed unsafe class InProcessCollectives(CpuGroup group, int rank) : Collectives
{
    /// <inheritdoc/>
    public override int Rank => rank;

    /// <inheritdoc/>
    public override int Size => group.Size;

    /// <summary>
    /// Shows this rank's values to all and returns what all ranks show, rank 0 first. The peers' values stay as they are
    /// until every rank has called <see cref="Barrier"/>; each must, before it publishes again or lets go of its values.
    /// </summary>
    public ReadOnlySpan<Published> Publish(Tensor values)
    {
        group.Publish(rank, new Published(values.Address, values.Rank == 1 ? values.Count : values.Stride(0)));
        group.Arrive();
        return group.Published;
    }

    /// <inheritdoc/>
    /// <remarks>Each rank adds one stretch of the values and hands the sum to all: no scratch, and the work is shared.</remarks>
    public override void AllReduceSum(Tensor values)
    {
        RequireDense("AllReduceSum", values);
        if (Size == 1)
            return;
        ReadOnlySpan<Published> ranks = Publish(values);
        long end = values.Count * (rank + 1) / Size;
        for (long i = values.Count * rank / Size; i < end; i++)
        {
            float sum = ((float*)ranks[0].Address)[i];
            for (int r = 1; r < ranks.Length; r++)
                sum += ((float*)ranks[r].Address)[i];
            for (int r = 0; r < ranks.Length; r++)
                ((float*)ranks[r].Address)[i] = sum;
        }

        Barrier();
    }

    /// <inheritdoc/>
    public override void AllGatherColumns(Tensor local, Tensor into)
    {
        if (local.Type != ElementType.F32 || into.Type != ElementType.F32
            || into[0] != local[0] || into[1] != local[1] * Size)
        {
            throw new ShapeException(
                $"AllGatherColumns: {Size} ranks with {local.Describe()} each do not make {into.Describe()}");
        }

        ReadOnlySpan<Published> ranks = Publish(local);
        int width = (int)local[1];
        for (long row = 0; row < into[0]; row++)
        {
            Span<float> joined = new((float*)into.Address + (row * into.Stride(0)), (int)into[1]);
            for (int r = 0; r < ranks.Length; r++)
                new Span<float>((float*)ranks[r].Address + (row * ranks[r].RowStride), width).CopyTo(joined[(r * width)..]);
        }

        Barrier();
    }

    /// <inheritdoc/>
    public override void Barrier() => group.Arrive();

    /// <inheritdoc/>
    public override void Abort(string reason) => group.Abort($"rank {rank}: {reason}");

    private static void RequireDense(string op, Tensor values)
    {
        if (values.Type != ElementType.F32 || !values.IsDense)
            throw new ShapeException($"{op}: expected dense F32 values, got {values.Describe()}");
    }
}
