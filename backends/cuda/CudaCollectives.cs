using System.Runtime.InteropServices;
using Glm5.Backends.Cuda.Interop;
using Glm5.Backends.Cuda.Ops;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda;

/// <summary>
/// Exchange by NCCL, in the stream's order. NCCL's own sums have the order of its rings; here shares are gathered, and each rank adds
/// them in rank order, so that all have the same bits every time. Values of a decode step are small enough that this costs no more.
/// The communicator is made by the first exchange, because every rank has to join at once, each from its own thread.
/// </summary>
internal sealed unsafe class CudaCollectives(
    CudaDevice device, CudaGroup group, int rank, Kernels kernels, ActivationArena scratch, CudaMemory memory)
    : Collectives, IDisposable
{
    /// <summary>
    /// Values from which each rank adds a stretch and hands its sum around: two exchanges of an nth each instead of one of all.
    /// </summary>
    private const long Large = 1 << 18;

    /// <inheritdoc/>
    public override int Rank => rank;

    /// <inheritdoc/>
    public override int Size => group.Size;

    /// <inheritdoc/>
    public override void AllReduceSum(Tensor values)
    {
        if (values.Type != ElementType.F32 || !values.IsDense)
            throw new ShapeException($"AllReduceSum: expected dense F32 values, got {values.Describe()}");
        if (Size == 1)
            return;
        Join();
        if (values.Count >= Large && values.Count % Size == 0)
            ReduceByStretches(values);
        else
            ReduceAtOnce(values);
    }

    /// <inheritdoc/>
    public override void AllGatherColumns(Tensor local, Tensor into)
    {
        if (local.Type != ElementType.F32 || into.Type != ElementType.F32 || into[0] != local[0] || into[1] != local[1] * Size)
        {
            throw new ShapeException(
                $"AllGatherColumns: {Size} ranks with {local.Describe()} each do not make {into.Describe()}");
        }

        using ActivationArena.Scope scope = scratch.Open();
        Tensor mine = scratch.Take(ElementType.F32, local[0], local[1]);
        CopyRows(local, Size == 1 ? into : mine);
        if (Size == 1)
            return;
        Join();
        Tensor all = scratch.Take(ElementType.F32, Size, local[0], local[1]);
        Gather(mine.Address, all.Address, local.Count);
        for (int r = 0; r < Size; r++)
            CopyRows(all.Slice(r, 1).As(local[0], local[1]), into.Columns(r * local[1], local[1]));
    }

    /// <inheritdoc/>
    public override void AllGather(int mine, Span<int> all)
    {
        all[0] = mine;
        if (Size == 1)
            return;
        Join();
        using ActivationArena.Scope scope = scratch.Open();
        Tensor one = scratch.Take(ElementType.I32, 1), every = scratch.Take(ElementType.I32, Size);
        memory.Upload(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in mine)), one);
        Gather(one.Address, every.Address, 1);
        memory.Download(every, MemoryMarshal.AsBytes(all));
    }

    /// <inheritdoc/>
    public override void AllGatherRows(Tensor local, ReadOnlySpan<int> rows, Tensor into) => throw OneGroup();

    /// <inheritdoc/>
    public override void ReduceScatterRows(Tensor values, ReadOnlySpan<int> rows, Tensor into) => throw OneGroup();

    /// <inheritdoc/>
    public override void Broadcast(Span<int> values)
    {
        if (Size == 1 || values.IsEmpty)
            return;
        Join();
        using ActivationArena.Scope scope = scratch.Open();
        Tensor mine = scratch.Take(ElementType.I32, values.Length), every = scratch.Take(ElementType.I32, Size, values.Length);
        memory.Upload(MemoryMarshal.AsBytes(values), mine);
        Gather(mine.Address, every.Address, values.Length);
        memory.Download(every.Slice(0, 1), MemoryMarshal.AsBytes(values));
    }

    /// <inheritdoc/>
    public override void Barrier() => group.Meeting.Arrive();

    /// <inheritdoc/>
    public override void Abort(string reason) => group.Meeting.Abort($"rank {rank}: {reason}");

    /// <inheritdoc/>
    public void Dispose()
    {
        nint communicator = device.Communicator;
        if (communicator == 0)
            return;
        device.Enter();
        device.Communicator = 0;

        // Leaving in order waits for peers that may never come; of a group that was stopped nobody is waited for.
        Nccl nccl = device.Cuda.Exchange;
        _ = group.Meeting.IsAborted ? nccl.CommAbort(communicator) : nccl.CommDestroy(communicator);
    }

    /// <summary>Throws what a result other than success says.</summary>
    public static void Check(Nccl nccl, int result, string call, nint communicator = 0)
    {
        if (result == 0)
            return;
        string last = nccl.HasGetLastError ? CudaText.Of(nccl.GetLastError(communicator)).Trim() : "";
        throw new CudaException(
            $"{call} failed with result {result} ({CudaText.Of(nccl.GetErrorString(result))}){(last.Length > 0 ? $"; NCCL says: {last}" : "")}",
            result, result == 6 ? Recovery.RestartRank : Recovery.Refused);
    }

    private static InvalidOperationException OneGroup() => new("ranks of cuda are in one group: the backend refuses more when it is opened");

    private void ReduceAtOnce(Tensor values)
    {
        using ActivationArena.Scope scope = scratch.Open();
        Tensor shares = scratch.Take(ElementType.F32, Size, values.Count);
        Gather(values.Address, shares.Address, values.Count);
        Sum(shares.Address, values.Count, values.Address, values.Count);
    }

    private void ReduceByStretches(Tensor values)
    {
        long stretch = values.Count / Size;
        using ActivationArena.Scope scope = scratch.Open();
        Tensor shares = scratch.Take(ElementType.F32, Size, stretch), sum = scratch.Take(ElementType.F32, stretch);
        Nccl nccl = device.Cuda.Exchange;
        Check(nccl, nccl.GroupStart(), "ncclGroupStart");
        for (int r = 0; r < Size; r++)
        {
            nint theirs = values.Address + (nint)(r * stretch * sizeof(float)), from = shares.Address + (nint)(r * stretch * sizeof(float));
            Check(nccl, nccl.Send(theirs, (nuint)stretch, NcclType.Float32, r, device.Communicator, device.Stream), "ncclSend", device.Communicator);
            Check(nccl, nccl.Recv(from, (nuint)stretch, NcclType.Float32, r, device.Communicator, device.Stream), "ncclRecv", device.Communicator);
        }

        Check(nccl, nccl.GroupEnd(), "ncclGroupEnd", device.Communicator);
        Sum(shares.Address, stretch, sum.Address, stretch);
        Gather(sum.Address, values.Address, stretch);
    }

    private void Gather(nint mine, nint all, long count)
    {
        Nccl nccl = device.Cuda.Exchange;
        device.Enter();
        Check(
            nccl, nccl.AllGather(mine, all, (nuint)count, NcclType.Float32, device.Communicator, device.Stream), "ncclAllGather", device.Communicator);
    }

    private void Sum(nint shares, long stride, nint into, long count) => kernels.Launch(
        kernels.Find("elementwise", "sum_shares"), Grid.OfElements(count), shares, stride, Size, into, count);

    private void CopyRows(Tensor from, Tensor into) => kernels.Launch(
        kernels.Find("elementwise", "copy_floats"), Grid.OfElements(from.Count),
        from.Address, Strides.OfRows(from), 0L, into.Address, Strides.OfRows(into), 0L, 1, from[1], from.Count, 0f);

    private void Join()
    {
        group.Meeting.ThrowIfAborted();
        device.Enter();
        if (device.Communicator != 0)
            return;
        device.RefuseWhileCapturing("ranks join");

        // Joining waits for every rank and cannot be woken: one that failed before is seen here.
        group.Meeting.Arrive();
        Nccl nccl = device.Cuda.Exchange;
        nint communicator;
        Check(nccl, nccl.CommInitRank(&communicator, Size, group.Id(), rank), "ncclCommInitRank");
        device.Communicator = communicator;
    }
}
