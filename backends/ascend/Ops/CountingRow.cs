using System.Runtime.InteropServices;
using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>
/// 0, 1, 2, … as F32 on the device: what indices are made of where no operator makes them. Exact to 2^24.
/// </summary>
internal sealed class CountingRow : IDisposable
{
    /// <summary>More than any vocabulary or number of experts.</summary>
    private const int Length = 1 << 18;

    private readonly DeviceBuffer _buffer;

    /// <summary>Makes the row.</summary>
    public CountingRow(AscendMemory memory)
    {
        _buffer = memory.Allocate(Length * sizeof(float), "the counting row");
        var values = new float[Length];
        for (int i = 0; i < Length; i++)
            values[i] = i;
        memory.CopyIn(MemoryMarshal.AsBytes(values.AsSpan()), _buffer.Address);
    }

    /// <summary>The first <paramref name="count"/>, [count].</summary>
    /// <exception cref="ShapeException">There are fewer.</exception>
    public View First(long count) => count <= Length
        ? View.Dense(_buffer.Address, AclDataType.Float, count)
        : throw new ShapeException($"rows of {count:N0} elements are not indexed on this backend, at most {Length:N0}");

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
