using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda.Ops;

/// <summary>How a kernel finds the rows of a tensor of up to three dimensions.</summary>
/// <param name="Outer">Elements from one index of the first dimension to the next.</param>
/// <param name="Inner">Elements from one index of the second of three to the next.</param>
internal readonly record struct Strides(long Outer, long Inner)
{
    /// <summary>Of a tensor.</summary>
    public static Strides Of(Tensor tensor) => tensor.Rank switch
    {
        1 => new(tensor.Width, 0),
        2 => new(tensor.Stride(0), 0),
        _ => new(tensor.Stride(0), tensor.Stride(1)),
    };

    /// <summary>Rows under one index of the first dimension.</summary>
    public static long RowsWithin(Tensor tensor) => tensor.Rank == 3 ? tensor[1] : 1;

    /// <summary>Elements from one row of a matrix to the next.</summary>
    public static long OfRows(Tensor tensor) => tensor.Rank == 1 ? tensor.Width : tensor.Stride(0);
}
