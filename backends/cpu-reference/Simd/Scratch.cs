using System.Numerics;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>Memory for intermediate values of one operation, kept for the next one and grown when that needs more.</summary>
internal sealed unsafe class Scratch(DeviceMemory memory) : IDisposable
{
    private DeviceBuffer? _buffer;

    /// <summary>Room for that many floats, uninitialised; what was given before is no longer valid.</summary>
    public float* Floats(long count) => (float*)Bytes(count * sizeof(float));

    /// <summary>Room for that many addresses.</summary>
    public float** Addresses(long count) => (float**)Bytes(count * sizeof(float*));

    /// <inheritdoc/>
    public void Dispose() => _buffer?.Dispose();

    private nint Bytes(long bytes)
    {
        if (_buffer is null || _buffer.Bytes < bytes)
        {
            _buffer?.Dispose();
            _buffer = memory.Allocate((long)BitOperations.RoundUpToPowerOf2((ulong)bytes), "kernels' scratch");
        }

        return _buffer.Address;
    }
}
