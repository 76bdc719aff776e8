
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda;

/// <summary>
/// Pinned host memory and device memory of one size: tables of a step are written to the one and copied to the other in
/// the stream's order. Addresses stay as long as the size does, so that captured steps find them.
/// </summary>
internal sealed unsafe class PinnedStage(CudaDevice device, CudaMemory memory, string purpose) : IDisposable
{
    private DeviceBuffer? _buffer;
    private void* _host;
    private long _waitsAtCopy = -1;
    private int _capacity;

    /// <summary>Device address of the first byte.</summary>
    public nint Address => _buffer!.Address;

    /// <summary>
    /// The host side for <paramref name="bytes"/> bytes, free to be written: an earlier copy has ended.
    /// </summary>
    public Span<byte> Host(int bytes)
    {
        device.RefuseWhileCapturing($"the host writes {purpose}");
        device.Enter();
        if (device.Waits == _waitsAtCopy)
            device.Synchronize();
        if (bytes > _capacity)
            Grow(bytes);
        return new Span<byte>(_host, bytes);
    }

    /// <summary>Copies the first <paramref name="bytes"/> bytes over.</summary>
    public void Send(int bytes)
    {
        if (bytes == 0)
            return;
        device.Enter();
        device.Check(
            device.Cuda.Driver.MemcpyHtoDAsync(Address, _host, (nuint)bytes, device.Stream), $"cuMemcpyHtoDAsync of {purpose}");
        _waitsAtCopy = device.Waits;
    }

    /// <summary>Frees both sides.</summary>
    public void Dispose()
    {
        _buffer?.Dispose();
        if (_host != null)
            _ = device.Cuda.Driver.MemFreeHost(_host);
        _host = null;
        (_buffer, _capacity) = (null, 0);
    }

    private void Grow(int bytes)
    {
        Dispose();
        int capacity = Math.Max(4096, (int)Math.Min(int.MaxValue, 2L * bytes));
        _buffer = memory.Allocate(capacity, purpose);
        void* host;
        device.Check(device.Cuda.Driver.MemAllocHost(&host, (nuint)capacity), $"cuMemAllocHost of {purpose}");
        _host = host;
        _capacity = capacity;
    }
}
