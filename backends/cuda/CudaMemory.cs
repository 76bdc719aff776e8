using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda;

/// <summary>Memory of one GPU. Everything happens in the order of the device's stream.</summary>
internal sealed unsafe class CudaMemory(CudaDevice device) : DeviceMemory
{
    /// <inheritdoc/>
    public override long FreeBytes => Sizes().Free;

    /// <inheritdoc/>
    public override long TotalBytes => Sizes().Total;

    /// <inheritdoc/>
    public override DeviceBuffer Allocate(long bytes, string purpose)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        device.RefuseWhileCapturing($"it allocates {purpose}");
        device.Enter();
        nint address;
        nuint size = (nuint)Math.Max(bytes, ActivationArena.Alignment);
        int result = device.Cuda.Driver.MemAlloc(&address, size);
        if (result == Interop.CudaCodes.OutOfMemory)
        {
            throw new DeviceMemoryException(
                $"{purpose} needs {bytes:N0} bytes of device memory, {FreeBytes:N0} are free on device {device.Index} "
                + $"({CudaText.Result(device.Cuda.Driver, result)})");
        }

        device.Check(result, $"cuMemAlloc of {bytes:N0} bytes for {purpose}");
        var buffer = new CudaBuffer(device, address, bytes);
        device.Check(device.Cuda.Driver.MemsetD8Async(address, 0, size, device.Stream), $"cuMemsetD8Async of {purpose}");
        return buffer;
    }

    /// <inheritdoc/>
    public override void Upload(ReadOnlySpan<byte> from, Tensor into)
    {
        CheckBytes("an upload", into, from.Length);
        CopyIn(from, into.Address);
    }

    /// <summary>Copies host bytes behind all work under way; complete on return.</summary>
    public void CopyIn(ReadOnlySpan<byte> from, nint into)
    {
        device.RefuseWhileCapturing("it copies from the host");
        if (from.IsEmpty)
            return;
        device.Enter();
        fixed (byte* source = from)
        {
            device.Check(
                device.Cuda.Driver.MemcpyHtoDAsync(into, source, (nuint)from.Length, device.Stream), "cuMemcpyHtoDAsync");
            device.Synchronize();
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
        device.RefuseWhileCapturing("it copies to the host");
        if (into.IsEmpty)
            return;
        device.Enter();
        fixed (byte* target = into)
        {
            device.Check(
                device.Cuda.Driver.MemcpyDtoHAsync(target, from, (nuint)into.Length, device.Stream), "cuMemcpyDtoHAsync");
            device.Synchronize();
        }
    }

    /// <summary>Copies within the device.</summary>
    public void Copy(nint from, nint into, long bytes)
    {
        device.Enter();
        device.Check(
            device.Cuda.Driver.MemcpyDtoDAsync(into, from, (nuint)bytes, device.Stream), "cuMemcpyDtoDAsync");
    }

    /// <summary>All bits set: NaN in every float type, -1 in I32.</summary>
    public override void Poison(nint address, long bytes)
    {
        if (bytes == 0)
            return;
        device.Enter();
        device.Check(device.Cuda.Driver.MemsetD8Async(address, 0xFF, (nuint)bytes, device.Stream), "cuMemsetD8Async");
    }

    private (long Free, long Total) Sizes()
    {
        device.Enter();
        nuint free, total;
        device.Check(device.Cuda.Driver.MemGetInfo(&free, &total), "cuMemGetInfo");
        return ((long)free, (long)total);
    }

    private static void CheckBytes(string what, Tensor tensor, int bytes)
    {
        if (!tensor.IsDense || tensor.Count * tensor.Type.Bytes() != bytes)
            throw new ShapeException($"{what} of {bytes:N0} bytes does not fit a tensor {tensor.Describe()}");
    }
}

/// <summary>One allocation; the driver aligns it to 256 bytes.</summary>
internal sealed class CudaBuffer(CudaDevice device, nint address, long bytes) : DeviceBuffer
{
    private bool _freed;

    /// <inheritdoc/>
    public override nint Address => address;

    /// <inheritdoc/>
    public override long Bytes => bytes;

    /// <inheritdoc/>
    /// <remarks>Freeing waits for work that may use it; what that work failed of was told where it was given.</remarks>
    public override void Dispose()
    {
        if (_freed)
            return;
        _freed = true;
        device.Enter();
        _ = device.Cuda.Driver.StreamSynchronize(device.Stream);
        _ = device.Cuda.Driver.MemFree(address);
    }
}
