using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>A dense I32 tensor: indices, read and written in place.</summary>
internal readonly unsafe struct IntRows
{
    private readonly int* _first;

    public IntRows(Tensor tensor)
    {
        if (tensor.Type != ElementType.I32 || !tensor.IsDense)
            throw new ShapeException($"expected dense I32 indices, got a tensor {tensor.Describe()}");
        _first = (int*)tensor.Address;
        (Count, Width) = (tensor.Rows, tensor.Width);
    }

    /// <summary>Rows over all dimensions but the last.</summary>
    public long Count { get; }

    /// <summary>Integers of a row.</summary>
    public long Width { get; }

    /// <summary>The first integer of a row.</summary>
    public int* this[long row] => _first + (row * Width);
}
