namespace Glm5.Core.Accelerator;

/// <summary>Memory of one device.</summary>
public abstract class DeviceMemory
{
    /// <summary>Bytes that an allocation could get now.</summary>
    public abstract long FreeBytes { get; }

    /// <summary>Bytes the device has in all.</summary>
    public abstract long TotalBytes { get; }

    /// <summary>Allocates <paramref name="bytes"/>, zeroed, aligned to at least 256 bytes. The caller disposes it.</summary>
    /// <exception cref="DeviceMemoryException">Not enough is free; names <paramref name="purpose"/> and both figures.</exception>
    public abstract DeviceBuffer Allocate(long bytes, string purpose);

    /// <summary>Copies host bytes to a dense tensor of the same size. Complete on return.</summary>
    public abstract void Upload(ReadOnlySpan<byte> from, Tensor into);

    /// <summary>Copies a dense tensor to host bytes of the same size. Waits for the work that writes it.</summary>
    public abstract void Download(Tensor from, Span<byte> into);

    /// <summary>Makes released memory recognisable: floats become NaN. Called by Debug builds alone.</summary>
    public abstract void Poison(nint address, long bytes);
}

/// <summary>Owns one allocation of device memory until disposed.</summary>
public abstract class DeviceBuffer : IDisposable
{
    /// <summary>Device address of the first byte.</summary>
    public abstract nint Address { get; }

    /// <summary>Size in bytes.</summary>
    public abstract long Bytes { get; }

    /// <summary>Frees the memory. A second call does nothing.</summary>
    public abstract void Dispose();
}
