using System.Runtime.CompilerServices;
using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend;

/// <summary>
/// Device memory as an operator sees it: up to four dimensions with any strides, in one of CANN's element types.
/// <c>default</c> is an optional parameter that is left out.
/// </summary>
internal readonly struct View
{
    /// <summary>The most dimensions.</summary>
    public const int MaxRank = 4;

    private readonly Four _dims, _strides;

    private View(nint address, AclDataType type, int rank, Four dims, Four strides, AclFormat format = AclFormat.Nd) =>
        (Address, Type, Rank, _dims, _strides, Format) = (address, type, rank, dims, strides, format);

    /// <summary>Device address of the first element; 0 for an optional parameter that is left out.</summary>
    public nint Address { get; }

    /// <summary>Element type.</summary>
    public AclDataType Type { get; }

    /// <summary>Number of dimensions.</summary>
    public int Rank { get; }

    /// <summary>Row by row, or in tiles.</summary>
    public AclFormat Format { get; }

    /// <summary>Size of a dimension.</summary>
    public long this[int dimension] => _dims[dimension];

    /// <summary>Number of elements.</summary>
    public long Count
    {
        get
        {
            long count = 1;
            for (int i = 0; i < Rank; i++)
                count *= _dims[i];
            return count;
        }
    }

    /// <summary>Elements from the first to behind the last in memory.</summary>
    public long Extent
    {
        get
        {
            long last = 0;
            for (int i = 0; i < Rank; i++)
                last += (_dims[i] - 1) * _strides[i];
            return last + 1;
        }
    }

    /// <summary>True when the elements lie one behind the other in order of the dimensions.</summary>
    public bool IsDense
    {
        get
        {
            long expected = 1;
            for (int i = Rank - 1; i >= 0; i--)
            {
                if (_dims[i] != 1 && _strides[i] != expected)
                    return false;
                expected *= _dims[i];
            }

            return true;
        }
    }

    /// <summary>Elements from one index of a dimension to the next.</summary>
    public long Stride(int dimension) => _strides[dimension];

    /// <summary>A tensor of the contract, as it lies.</summary>
    public static View Of(Tensor tensor)
    {
        Four dims = default, strides = default;
        for (int i = 0; i < tensor.Rank; i++)
            (dims[i], strides[i]) = (tensor[i], tensor.Stride(i));
        return new View(tensor.Address, InCann(tensor.Type), tensor.Rank, dims, strides);
    }

    /// <summary>Dense memory in a shape; dimensions of -1 are absent.</summary>
    public static View Dense(nint address, AclDataType type, long d0, long d1 = -1, long d2 = -1, long d3 = -1)
    {
        Four dims = default, strides = default;
        (dims[0], dims[1], dims[2], dims[3]) = (d0, d1, d2, d3);
        int rank = d1 < 0 ? 1 : d2 < 0 ? 2 : d3 < 0 ? 3 : 4;
        long stride = 1;
        for (int i = rank - 1; i >= 0; i--)
            (strides[i], stride) = (stride, stride * dims[i]);
        return new View(address, type, rank, dims, strides);
    }

    /// <summary>The same memory, dense, in another shape.</summary>
    public View As(long d0, long d1 = -1, long d2 = -1, long d3 = -1) => Dense(Address, Type, d0, d1, d2, d3);

    /// <summary>Two dimensions exchanged.</summary>
    public View Exchanged(int a, int b)
    {
        Four dims = _dims, strides = _strides;
        (dims[a], dims[b]) = (dims[b], dims[a]);
        (strides[a], strides[b]) = (strides[b], strides[a]);
        return new View(Address, Type, Rank, dims, strides);
    }

    /// <summary>Part of a dimension, every step-th element of it.</summary>
    public View Part(int dimension, long from, long count, long step = 1)
    {
        Four dims = _dims, strides = _strides;
        nint address = Address + (nint)(from * strides[dimension] * Bytes(Type));
        (dims[dimension], strides[dimension]) = (count, strides[dimension] * step);
        return new View(address, Type, Rank, dims, strides);
    }

    /// <summary>A new dimension of size 1 in front of one: for sizes that are repeated over it.</summary>
    public View WithOneAt(int dimension)
    {
        Four dims = _dims, strides = _strides;
        for (int i = Rank; i > dimension; i--)
            (dims[i], strides[i]) = (dims[i - 1], strides[i - 1]);
        (dims[dimension], strides[dimension]) = (1, dimension < Rank ? dims[dimension + 1] * strides[dimension + 1] : 1);
        return new View(Address, Type, Rank + 1, dims, strides);
    }

    /// <summary>The same memory in the tiles of cube cores; the dimensions stay those of the matrix.</summary>
    public View InTiles() => new(Address, Type, Rank, _dims, _strides, AclFormat.FractalNz);

    /// <summary>Bytes of an element of a type.</summary>
    public static int Bytes(AclDataType type) => type switch
    {
        AclDataType.Float or AclDataType.Int32 => 4,
        AclDataType.BFloat16 => 2,
        AclDataType.Int64 => 8,
        _ => 1,
    };

    /// <summary>CANN's name of an element type. FP8 codes travel as bytes: A2 and A3 do not compute in them.</summary>
    public static AclDataType InCann(ElementType type) => type switch
    {
        ElementType.F32 => AclDataType.Float,
        ElementType.BF16 => AclDataType.BFloat16,
        ElementType.I32 => AclDataType.Int32,
        ElementType.F8E4M3 => AclDataType.UInt8,
        _ => throw new ShapeException($"no operator of this backend takes {type}"),
    };

    [InlineArray(MaxRank)]
    private struct Four
    {
        private long _first;
    }
}
