using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda.Ops;

/// <summary>
/// θ^(−2i/width) of each pair, rounded to F32 once on the host: the angle at position 200,000 is the product of two floats by
/// definition, and a power computed on the device would be another float.
/// </summary>
internal sealed class RopeFrequencies(CudaMemory memory) : IDisposable
{
    private readonly Dictionary<(float Theta, int Width), DeviceBuffer> _tables = [];

    /// <summary>Address of [width / 2] F32.</summary>
    public nint Of(float theta, int width)
    {
        if (_tables.TryGetValue((theta, width), out DeviceBuffer? table))
            return table.Address;
        var frequencies = new float[width / 2];
        for (int i = 0; i < frequencies.Length; i++)
            frequencies[i] = (float)Math.Pow(theta, -2.0 * i / width);
        table = memory.Allocate(frequencies.Length * sizeof(float), "rotary frequencies");
        memory.CopyIn(MemoryMarshal.AsBytes(frequencies.AsSpan()), table.Address);
        _tables.Add((theta, width), table);
        return table.Address;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (DeviceBuffer table in _tables.Values)
            table.Dispose();
        _tables.Clear();
    }
}
