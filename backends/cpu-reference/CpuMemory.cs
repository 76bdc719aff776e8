using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference;

/// <summary>
/// Host memory as device memory: addresses are ordinary pointers. Allocations come zeroed and untouched, so that a large
/// cache costs nothing until its blocks are written.
/// </summary>
public sealed class CpuMemory : DeviceMemory
{
    // Below this, asking the system what is free costs more than the allocation can hurt.
    private const long SmallBytes = 1 << 20;

    /// <inheritdoc/>
    public override long FreeBytes => HostMemory.Free();

    /// <inheritdoc/>
    public override long TotalBytes => HostMemory.Total();

    /// <inheritdoc/>
    public override DeviceBuffer Allocate(long bytes, string purpose)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (bytes >= SmallBytes && FreeBytes is long free && bytes > free)
            throw NotEnough(bytes, free, purpose);
        try
        {
            return new CpuBuffer(bytes);
        }
        catch (OutOfMemoryException)
        {
            throw NotEnough(bytes, FreeBytes, purpose);
        }
    }

    /// <inheritdoc/>
    public override unsafe void Upload(ReadOnlySpan<byte> from, Tensor into)
    {
        CheckBytes("an upload", into, from.Length);
        from.CopyTo(new Span<byte>((void*)into.Address, from.Length));
    }

    /// <inheritdoc/>
    public override unsafe void Download(Tensor from, Span<byte> into)
    {
        CheckBytes("a download", from, into.Length);
        new ReadOnlySpan<byte>((void*)from.Address, into.Length).CopyTo(into);
    }

    /// <summary>All bits set: NaN in every float type, -1 in I32.</summary>
    public override unsafe void Poison(nint address, long bytes) =>
        NativeMemory.Fill((void*)address, (nuint)bytes, 0xFF);

    private static void CheckBytes(string what, Tensor tensor, int bytes)
    {
        if (!tensor.IsDense || tensor.Count * tensor.Type.Bytes() != bytes)
            throw new ShapeException($"{what} of {bytes:N0} bytes does not fit a tensor {tensor.Describe()}");
    }

    private static DeviceMemoryException NotEnough(long bytes, long free, string purpose) => new(
        $"{purpose} needs {bytes:N0} bytes of memory, {free:N0} are free on this machine or in its memory limit");
}

/// <summary>Zeroed native memory, aligned to a cache line and more.</summary>
internal sealed unsafe class CpuBuffer : DeviceBuffer
{
    private const int Alignment = ActivationArena.Alignment;

    private void* _allocated;

    public CpuBuffer(long bytes)
    {
        // The C library's zeroed allocation leaves large memory to the system's zero pages; an aligned one would have
        // to be cleared, that is touched, here.
        _allocated = NativeMemory.AllocZeroed((nuint)(bytes + Alignment));
        Address = ((nint)_allocated + Alignment - 1) & -Alignment;
        Bytes = bytes;
    }

    ~CpuBuffer() => Free();

    public override nint Address { get; }

    public override long Bytes { get; }

    public override void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.Free(_allocated);
        _allocated = null;
    }
}
