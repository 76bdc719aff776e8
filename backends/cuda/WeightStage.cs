using Glm5.Backends.Cuda.Interop;

namespace Glm5.Backends.Cuda;

/// <summary>
/// Weights on their way to the device: rows are gathered in page-locked memory, and while one half of it travels the other is
/// filled. Pageable memory would travel at a third of the bus.
/// </summary>
internal sealed unsafe class WeightStage(CudaDevice device) : IDisposable
{
    private const int HalfBytes = 16 << 20;

    private readonly nint[] _sentHalves = new nint[2];
    private void* _host;
    private int _half, _used, _sent;
    private nint _target;

    /// <summary>
    /// Room for bytes that go to an address; those asked for one behind the other for adjacent addresses travel together.
    /// </summary>
    public Span<byte> Room(int bytes, nint address)
    {
        if (_host == null)
            Allocate();
        if (bytes > HalfBytes)
            throw new CudaException($"a row of {bytes:N0} bytes is wider than the {HalfBytes:N0} that are copied at a time");
        if (_used + bytes > HalfBytes)
            Turn();
        if (address != _target + (_used - _sent))
            Send(address);
        var room = new Span<byte>((byte*)_host + (_half * HalfBytes) + _used, bytes);
        _used += bytes;
        return room;
    }

    /// <summary>Waits until all of it is there.</summary>
    public void Finish()
    {
        Send(0);
        device.Synchronize();
        (_used, _sent) = (0, 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_host == null)
            return;
        _ = device.Cuda.Driver.MemFreeHost(_host);
        foreach (nint sent in _sentHalves)
            _ = device.Cuda.Driver.EventDestroy(sent);
        _host = null;
    }

    /// <summary>Goes on in the other half, whose last copies are waited for.</summary>
    private void Turn()
    {
        Send(0);
        device.Check(device.Cuda.Driver.EventRecord(_sentHalves[_half], device.Stream), "cuEventRecord");
        (_half, _used, _sent) = (1 - _half, 0, 0);
        device.Check(device.Cuda.Driver.EventSynchronize(_sentHalves[_half]), "cuEventSynchronize");
    }

    private void Send(nint next)
    {
        if (_used > _sent)
        {
            device.Enter();
            device.Check(
                device.Cuda.Driver.MemcpyHtoDAsync(
                    _target, (byte*)_host + (_half * HalfBytes) + _sent, (nuint)(_used - _sent), device.Stream),
                "cuMemcpyHtoDAsync of weights");
        }

        (_sent, _target) = (_used, next);
    }

    private void Allocate()
    {
        device.Enter();
        void* host;
        device.Check(device.Cuda.Driver.MemAllocHost(&host, 2 * HalfBytes), "cuMemAllocHost for weights");
        _host = host;
        foreach (ref nint sent in _sentHalves.AsSpan())
        {
            nint made;
            device.Check(device.Cuda.Driver.EventCreate(&made, StreamFlags.UntimedEvent), "cuEventCreate");
            device.Check(device.Cuda.Driver.EventRecord(made, device.Stream), "cuEventRecord");
            sent = made;
        }
    }
}
