using Glm5.Backends.Ascend.Interop;
using Glm5.Backends.Ascend.Ops;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend;

/// <summary>
/// Exchange by HCCL, in the stream's order. The communicator is made by the first collective, because every rank has to
/// join at once, each from its own thread.
/// </summary>
internal sealed unsafe class AscendCollectives(AscendDevice device, AscendGroup group, int rank, Kernels kernels, AscendMemory memory)
    : Collectives, IDisposable
{
    private readonly Hccl? _hccl = device.Cann.Hccl;
    private nint _communicator;

    /// <inheritdoc/>
    public override int Rank => rank;

    /// <inheritdoc/>
    public override int Size => group.Size;

    /// <inheritdoc/>
    /// <remarks>The group is set to deterministic sums; with more than two ranks their order is HCCL's.</remarks>
    public override void AllReduceSum(Tensor values)
    {
        if (values.Type != ElementType.F32 || !values.IsDense)
            throw new ShapeException($"AllReduceSum: expected dense F32 values, got {values.Describe()}");
        if (Size == 1)
            return;
        Join();
        Check(
            _hccl!,
            _hccl!.AllReduce(
                (void*)values.Address, (void*)values.Address, (ulong)values.Count, HcclDataType.Float, HcclReduceOp.Sum,
                _communicator, device.Stream),
            "HcclAllReduce", device);
    }

    /// <inheritdoc/>
    public override void AllGatherColumns(Tensor local, Tensor into)
    {
        if (local.Type != ElementType.F32 || into.Type != ElementType.F32 || into[0] != local[0] || into[1] != local[1] * Size)
        {
            throw new ShapeException(
                $"AllGatherColumns: {Size} ranks with {local.Describe()} each do not make {into.Describe()}");
        }

        using ActivationArena.Scope scope = kernels.Scratch.Open();
        View shares = View.Of(local);
        if (Size > 1)
        {
            Join();
            shares = kernels.DenseAs(shares, AclDataType.Float);
            View all = kernels.Temporary(AclDataType.Float, Size, local[0], local[1]);
            Check(
                _hccl!,
                _hccl!.AllGather(
                    (void*)shares.Address, (void*)all.Address, (ulong)local.Count, HcclDataType.Float, _communicator,
                    device.Stream),
                "HcclAllGather", device);
            shares = all;
        }

        // HCCL joins whole shares; each goes to its columns.
        for (int r = 0; r < Size; r++)
        {
            View share = View.Dense(
                shares.Address + (nint)(r * local.Count * sizeof(float)), AclDataType.Float, local[0], local[1]);
            kernels.Copy(Size == 1 ? View.Of(local) : share, View.Of(into.Columns(r * local[1], local[1])));
        }
    }

    /// <inheritdoc/>
    public override void AllGather(int mine, Span<int> all) => throw OneGroup();

    /// <inheritdoc/>
    public override void AllGatherRows(Tensor local, ReadOnlySpan<int> rows, Tensor into) => throw OneGroup();

    /// <inheritdoc/>
    public override void ReduceScatterRows(Tensor values, ReadOnlySpan<int> rows, Tensor into) => throw OneGroup();

    /// <inheritdoc/>
    public override void Broadcast(Span<int> values) => throw OneGroup();

    /// <inheritdoc/>
    public override void Barrier() => group.Meeting.Arrive();

    /// <inheritdoc/>
    public override void Abort(string reason) => group.Meeting.Abort($"rank {rank}: {reason}");

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_communicator == 0)
            return;
        device.WaitBeforeFree();
        if (device.IsStuck)
            return;
        device.Enter();
        _ = _hccl!.CommDestroy(_communicator);
        _communicator = 0;
    }

    /// <summary>Throws what a result other than success says.</summary>
    public static void Check(Hccl hccl, HcclResult result, string call, AscendDevice device)
    {
        if (result == HcclResult.Success)
            return;
        string words = hccl.HasGetErrorString ? CannText.Of(hccl.GetErrorString(result)) : "no message";
        Recovery recovery = CannCodes.RecoveryOf(result);
        throw new CannException(
            $"{call} failed on device {device.Index} with result {(int)result} ({words}); CANN says: "
            + $"{CannText.Recent(device.Cann.Runtime)}; {CannCodes.Advice(recovery)}",
            (int)result, recovery);
    }

    /// <summary>Only groups exchange rows, and only processes host memory: the backend refuses both when it is opened.</summary>
    private static InvalidOperationException OneGroup() => new("ranks of ascend are threads of one process, in one group");

    private void Join()
    {
        group.Meeting.ThrowIfAborted();
        device.Enter();
        if (_communicator != 0)
            return;
        HcclRootInfo root = group.Root(device);
        HcclCommConfig config = HcclCommConfig.Deterministic(HcclBuffers.Megabytes);
        nint communicator;
        HcclResult result = _hccl!.CommInitRootInfoConfig((uint)Size, &root, (uint)rank, &config, &communicator);
        Check(_hccl, result, "HcclCommInitRootInfoConfig", device);
        _communicator = communicator;
        memory.Expected = 0;
    }
}
