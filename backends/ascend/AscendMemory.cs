using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend;

/// <summary>High-bandwidth memory of one die.</summary>
internal sealed unsafe class AscendMemory(AscendDevice device) : DeviceMemory
{
    /// <summary>
    /// Bytes that CANN itself will take, beside what is allocated here: what is free without them is what can be planned with.
    /// </summary>
    public long Expected { get; set; }

    /// <inheritdoc/>
    public override long FreeBytes => Math.Max(0, Sizes().Free - Expected);

    /// <inheritdoc/>
    public override long TotalBytes => Sizes().Total;

    /// <inheritdoc/>
    public override DeviceBuffer Allocate(long bytes, string purpose)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        device.RefuseWhileCapturing($"it allocates {purpose}");
        device.Enter();
        void* address;
        nuint size = (nuint)(bytes + ActivationArena.Alignment);
        int status = device.Cann.Runtime.Malloc(&address, size, AclMallocPolicy.HugeFirst);
        if (status is CannCodes.OutOfMemory or CannCodes.DeviceOutOfMemory or 200000)
        {
            throw new DeviceMemoryException(
                $"{purpose} needs {bytes:N0} bytes of device memory, {FreeBytes:N0} are free on device {device.Index} "
                + $"({CannCodes.Describe(status)}: {CannText.Recent(device.Cann.Runtime)})");
        }

        device.Check(status, $"aclrtMalloc of {bytes:N0} bytes for {purpose}");
        var buffer = new AscendBuffer(device, (nint)address, bytes);
        device.Check(device.Cann.Runtime.Memset(address, size, 0, size), $"aclrtMemset of {purpose}");
        return buffer;
    }

    /// <inheritdoc/>
    /// <remarks>Work that is under way may still read what lies there: it is waited for.</remarks>
    public override void Upload(ReadOnlySpan<byte> from, Tensor into)
    {
        CheckBytes("an upload", into, from.Length);
        if (from.IsEmpty)
            return;
        device.Synchronize();
        CopyIn(from, into.Address);
    }

    /// <summary>Copies host bytes to memory that no work under way uses.</summary>
    public void CopyIn(ReadOnlySpan<byte> from, nint into)
    {
        device.RefuseWhileCapturing("it copies from the host");
        device.Enter();
        fixed (byte* source = from)
        {
            device.Check(
                device.Cann.Runtime.Memcpy(
                    (void*)into, (nuint)from.Length, source, (nuint)from.Length, AclMemcpyKind.HostToDevice),
                "aclrtMemcpy to the device");
        }
    }

    /// <inheritdoc/>
    public override void Download(Tensor from, Span<byte> into)
    {
        CheckBytes("a download", from, into.Length);
        CopyOut(from.Address, into);
    }

    /// <summary>Copies device bytes to the host, behind all work under way.</summary>
    public void CopyOut(nint from, Span<byte> into)
    {
        device.Synchronize();
        if (into.IsEmpty)
            return;
        fixed (byte* target = into)
        {
            device.Check(
                device.Cann.Runtime.Memcpy(
                    target, (nuint)into.Length, (void*)from, (nuint)into.Length, AclMemcpyKind.DeviceToHost),
                "aclrtMemcpy to the host");
        }
    }

    /// <summary>Copies within the device, in the stream's order.</summary>
    public void Copy(nint from, nint into, long bytes)
    {
        device.Enter();
        device.Check(
            device.Cann.Runtime.MemcpyAsync(
                (void*)into, (nuint)bytes, (void*)from, (nuint)bytes, AclMemcpyKind.DeviceToDevice, device.Stream),
            "aclrtMemcpyAsync on the device");
    }

    /// <summary>All bits set, in the stream's order: NaN in every float type, -1 in I32.</summary>
    public override void Poison(nint address, long bytes)
    {
        if (bytes == 0)
            return;
        device.Enter();
        device.Check(
            device.Cann.Runtime.MemsetAsync((void*)address, (nuint)bytes, 0xFF, (nuint)bytes, device.Stream),
            "aclrtMemsetAsync");
    }

    private (long Free, long Total) Sizes()
    {
        device.Enter();
        nuint free, total;
        device.Check(device.Cann.Runtime.GetMemInfo(AclMemAttribute.Hbm, &free, &total), "aclrtGetMemInfo");
        return ((long)free, (long)total);
    }

    private static void CheckBytes(string what, Tensor tensor, int bytes)
    {
        if (!tensor.IsDense || tensor.Count * tensor.Type.Bytes() != bytes)
            throw new ShapeException($"{what} of {bytes:N0} bytes does not fit a tensor {tensor.Describe()}");
    }
}

/// <summary>One allocation; its address is rounded up to the contract's alignment.</summary>
internal sealed unsafe class AscendBuffer(AscendDevice device, nint allocated, long bytes) : DeviceBuffer
{
    private bool _freed;

    /// <inheritdoc/>
    public override nint Address { get; } = (allocated + ActivationArena.Alignment - 1) & -ActivationArena.Alignment;

    /// <inheritdoc/>
    public override long Bytes { get; } = bytes;

    /// <inheritdoc/>
    /// <remarks>Work under way may use it, so it is waited for.</remarks>
    public override void Dispose()
    {
        if (_freed)
            return;
        _freed = true;
        device.WaitBeforeFree();
        if (device.IsStuck)
            return;
        device.Enter();
        _ = device.Cann.Runtime.Free((void*)allocated);
    }
}
