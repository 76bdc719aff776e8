using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Oracle;

/// <summary>An F32 tensor read and written by the indices of an equation: <c>x[t, h, i]</c>. Valid as long as the tensor.</summary>
internal readonly unsafe struct Floats
{
    private readonly float* _first;
    private readonly long _inner, _outerStride, _innerStride;

    public Floats(Tensor tensor)
    {
        if (tensor.Type != ElementType.F32)
            throw new ShapeException($"the oracle computes in F32, got a tensor {tensor.Describe()}");
        _first = (float*)tensor.Address;
        (Rows, Width) = (tensor.Rows, tensor.Width);
        _inner = tensor.Rank == 3 ? tensor[1] : 1;
        _outerStride = tensor.Rank == 1 ? 0 : tensor.Stride(0);
        _innerStride = tensor.Rank == 3 ? tensor.Stride(1) : 0;
    }

    /// <summary>Rows over all dimensions but the last.</summary>
    public long Rows { get; }

    /// <summary>Size of the last dimension.</summary>
    public long Width { get; }

    /// <summary>An element of a matrix.</summary>
    public ref float this[long t, long i] => ref _first[(t * _outerStride) + i];

    /// <summary>An element of a tensor of three dimensions.</summary>
    public ref float this[long t, long h, long i] => ref _first[(t * _outerStride) + (h * _innerStride) + i];

    /// <summary>A row, counted over all dimensions but the last.</summary>
    public Span<float> Row(long row) =>
        new(_first + (row / _inner * _outerStride) + (row % _inner * _innerStride), (int)Width);

    /// <summary>Row [t, h, ·] of a tensor of three dimensions.</summary>
    public Span<float> Row(long t, long h) => Row((t * _inner) + h);
}

/// <summary>An I32 tensor, dense, read and written by index.</summary>
internal readonly unsafe struct Ints
{
    private readonly int* _first;
    private readonly long _width;

    public Ints(Tensor tensor)
    {
        if (tensor.Type != ElementType.I32 || !tensor.IsDense)
            throw new ShapeException($"expected dense I32 indices, got a tensor {tensor.Describe()}");
        _first = (int*)tensor.Address;
        (Rows, _width) = (tensor.Rows, tensor.Width);
    }

    /// <summary>Rows over all dimensions but the last.</summary>
    public long Rows { get; }

    /// <summary>An element, counted over all dimensions.</summary>
    public ref int this[long i] => ref _first[i];

    /// <summary>An element of a matrix.</summary>
    public ref int this[long t, long i] => ref _first[(t * _width) + i];

    /// <summary>A row of a matrix.</summary>
    public Span<int> Row(long t) => new(_first + (t * _width), (int)_width);
}
