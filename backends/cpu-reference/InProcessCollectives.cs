using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference;

/// <summary>
/// Exchange between ranks that are threads of one process: they read and write each other's memory between barriers.
/// </summary>
/// <param name="group">The ranks it is between.</param>
/// <param name="rank">This rank among them.</param>
/// <param name="across">Exchange with this rank's peers in the other groups; null where there is one group.</param>
/// <param name="experts">Exchange with all ranks that share the experts; null where they are not spread.</param>
public sealed unsafe class InProcessCollectives(
    CpuGroup group, int rank, InProcessCollectives? across = null, ExpertExchange? experts = null) : CpuCollectives
{
    /// <inheritdoc/>
    public override int Rank => rank;

    /// <inheritdoc/>
    public override int Size => group.Size;

    /// <inheritdoc/>
    public override Collectives? Across => across;

    /// <inheritdoc/>
    public override ExpertExchange? Experts => experts;

    /// <inheritdoc/>
    public override ReadOnlySpan<Published> Publish(Tensor values) =>
        Publish(new Published(values.Address, values.Rank == 1 ? values.Count : values.Stride(0), values.Rows));

    /// <inheritdoc/>
    public override void Release() => group.Arrive();

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

        Release();
    }

    /// <inheritdoc/>
    public override void AllGatherColumns(Tensor local, Tensor into)
    {
        RequireColumns(local, into, Size);
        ReadOnlySpan<Published> ranks = Publish(local);
        int width = (int)local[1];
        for (long row = 0; row < into[0]; row++)
        {
            Span<float> joined = new((float*)into.Address + (row * into.Stride(0)), (int)into[1]);
            for (int r = 0; r < ranks.Length; r++)
                new Span<float>((float*)ranks[r].Address + (row * ranks[r].RowStride), width).CopyTo(joined[(r * width)..]);
        }

        Release();
    }

    /// <inheritdoc/>
    public override void AllGather(int mine, Span<int> all)
    {
        ReadOnlySpan<Published> ranks = Publish(new Published(0, 0, mine));
        for (int r = 0; r < ranks.Length; r++)
            all[r] = (int)ranks[r].Rows;
        Release();
    }

    /// <inheritdoc/>
    public override void AllGatherRows(Tensor local, ReadOnlySpan<int> rows, Tensor into)
    {
        RequireRows("AllGatherRows", local, rows[rank], into, rows);
        ReadOnlySpan<Published> ranks = Publish(local);
        int width = (int)into[1];
        Span<int> joined = new((void*)into.Address, checked((int)into.Count));
        for (int r = 0; r < ranks.Length; r++)
        {
            for (int row = 0; row < rows[r]; row++)
            {
                new Span<int>((int*)ranks[r].Address + (row * ranks[r].RowStride), width).CopyTo(joined);
                joined = joined[width..];
            }
        }

        Release();
    }

    /// <inheritdoc/>
    public override void ReduceScatterRows(Tensor values, ReadOnlySpan<int> rows, Tensor into)
    {
        RequireDense("ReduceScatterRows", values);
        RequireRows("ReduceScatterRows", into, rows[rank], values, rows);
        RequireDense("ReduceScatterRows", into);
        ReadOnlySpan<Published> ranks = Publish(values);
        long first = 0;
        for (int r = 0; r < rank; r++)
            first += rows[r] * values[1];
        float* sums = (float*)into.Address;
        for (long i = 0; i < rows[rank] * values[1]; i++)
        {
            float sum = ((float*)ranks[0].Address)[first + i];
            for (int r = 1; r < ranks.Length; r++)
                sum += ((float*)ranks[r].Address)[first + i];
            sums[i] = sum;
        }

        Release();
    }

    /// <inheritdoc/>
    public override void Broadcast(Span<int> values)
    {
        fixed (int* mine = values)
        {
            ReadOnlySpan<Published> ranks = Publish(new Published((nint)mine, values.Length));
            if (rank != 0)
                new Span<int>((void*)ranks[0].Address, values.Length).CopyTo(values);
            Release();
        }
    }

    /// <inheritdoc/>
    public override void Barrier() => group.Arrive();

    /// <inheritdoc/>
    public override void Abort(string reason) => group.Abort($"rank {experts?.Rank ?? rank}: {reason}");

    /// <summary>Refuses what does not join side by side.</summary>
    internal static void RequireColumns(Tensor local, Tensor into, int size)
    {
        if (local.Type != ElementType.F32 || into.Type != ElementType.F32
            || into[0] != local[0] || into[1] != local[1] * size)
        {
            throw new ShapeException(
                $"AllGatherColumns: {size} ranks with {local.Describe()} each do not make {into.Describe()}");
        }
    }

    /// <summary>Refuses what does not join one above the other.</summary>
    internal static void RequireRows(string op, Tensor local, int rows, Tensor all, ReadOnlySpan<int> rowsOf)
    {
        long total = 0;
        foreach (int count in rowsOf)
            total += count;
        if (local.Type.Bytes() != sizeof(int) || local.Type != all.Type || !all.IsDense
            || local[0] != rows || all[0] != total || all[1] != local[1])
        {
            throw new ShapeException(
                $"{op}: {rows} of {total:N0} rows were announced, got {local.Describe()} of {all.Describe()}");
        }
    }

    /// <summary>Refuses what is not F32 in one piece.</summary>
    internal static void RequireDense(string op, Tensor values)
    {
        if (values.Type != ElementType.F32 || !values.IsDense)
            throw new ShapeException($"{op}: expected dense F32 values, got {values.Describe()}");
    }

    private ReadOnlySpan<Published> Publish(Published mine)
    {
        group.Publish(rank, mine);
        group.Arrive();
        return group.Published;
    }
}
