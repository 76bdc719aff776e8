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

    /// <summary>Room for that many integers.</summary>
    public int* Integers(long count) => (int*)Bytes(count * sizeof(int));

    /// <inheritdoc/>
    public void Dispose() => _buffer?.Dispose();

    private nint Bytes(long bytes)
    {
        if (_buffer is null || _buffer.Bytes < bytes)
        {
            // What is given back is forgotten first: growing may fail, and the step after it must not use freed memory.
            _buffer?.Dispose();
            _buffer = null;
            _buffer = memory.Allocate((long)BitOperations.RoundUpToPowerOf2((ulong)bytes), "kernels' scratch");
        }

        return _buffer.Address;
    }
}
