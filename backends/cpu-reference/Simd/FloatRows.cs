using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>The rows of an F32 tensor, counted over all dimensions but the last. Valid as long as the tensor.</summary>
internal readonly unsafe struct FloatRows
{
    private readonly float* _first;
    private readonly long _inner, _outerStride, _innerStride;

    public FloatRows(Tensor tensor)
    {
        if (tensor.Type != ElementType.F32)
            throw new ShapeException($"the cpu backend computes in F32, got a tensor {tensor.Describe()}");
        _first = (float*)tensor.Address;
        (Count, Width) = (tensor.Rows, tensor.Width);
        _inner = tensor.Rank == 3 ? tensor[1] : 1;
        _outerStride = tensor.Rank == 1 ? 0 : tensor.Stride(0);
        _innerStride = tensor.Rank == 3 ? tensor.Stride(1) : 0;
    }

    /// <summary>Rows over all dimensions but the last.</summary>
    public long Count { get; }

    /// <summary>Elements of a row; they are neighbours.</summary>
    public long Width { get; }

    /// <summary>The first element of a row.</summary>
    public float* this[long row] => _inner == 1
        ? _first + (row * _outerStride)
        : _first + (row / _inner * _outerStride) + (row % _inner * _innerStride);

    /// <summary>The first element of row [t, h, ·] of a tensor of three dimensions.</summary>
    public float* At(long t, long h) => _first + (t * _outerStride) + (h * _innerStride);
}
