using Glm5.Core.Accelerator;

namespace Glm5.Backends.Simulated;

/// <summary>
/// The memory of a device that is not there: every byte is counted against what the device has, and none exists.
/// Addresses are distinct and must not be followed. What is downloaded is zeros.
/// </summary>
internal sealed class SimulatedMemory(DeviceSpec spec) : DeviceMemory
{
    private nint _next = 1 << 20;

    /// <inheritdoc/>
    public override long FreeBytes => TotalBytes - Used;

    /// <inheritdoc/>
    public override long TotalBytes => spec.MemoryBytes;

    /// <summary>Bytes that are allocated.</summary>
    public long Used { get; private set; }

    /// <inheritdoc/>
    public override DeviceBuffer Allocate(long bytes, string purpose)
    {
        if (bytes > FreeBytes)
        {
            throw new DeviceMemoryException(
                $"{purpose} needs {bytes:N0} bytes of memory, {FreeBytes:N0} of {TotalBytes:N0} are free on a {spec.Name}");
        }

        Used += bytes;
        nint address = _next;
        _next += (nint)((bytes + ActivationArena.Alignment - 1) & -ActivationArena.Alignment);
        return new Buffer(this, address, bytes);
    }

    /// <inheritdoc/>
    public override void Upload(ReadOnlySpan<byte> from, Tensor into)
    {
    }

    /// <inheritdoc/>
    public override void Download(Tensor from, Span<byte> into) => into.Clear();

    /// <inheritdoc/>
    public override void Poison(nint address, long bytes)
    {
    }

    private sealed class Buffer(SimulatedMemory memory, nint address, long bytes) : DeviceBuffer
    {
        private bool _freed;

        public override nint Address => address;

        public override long Bytes => bytes;

        public override void Dispose()
        {
            if (_freed)
                return;
            _freed = true;
            memory.Used -= bytes;
        }
    }
}
