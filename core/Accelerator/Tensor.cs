namespace Glm5.Core.Accelerator;

/// <summary>
/// A view of device memory for the current step: address, element type, up to three dimensions with 64-bit strides.
/// A ref struct, so that one kept past the step does not compile. It owns nothing; the arena, a <see cref="DeviceBuffer"/>,
/// a <see cref="PackedWeight"/> or a <see cref="KvStore"/> does. The address is the device's, not always the host's.
/// </summary>
public readonly ref struct Tensor
{
    private readonly long _d0, _d1, _d2, _s0, _s1;

    /// <summary>A dense view; the last dimension is contiguous. A dimension of -1 is absent.</summary>
    public Tensor(nint address, ElementType type, long d0, long d1 = -1, long d2 = -1)
        : this(address, type, d0, d1, d2, d1 < 0 ? 1 : d1 * (d2 < 0 ? 1 : d2), d2 < 0 ? 1 : d2)
    {
    }

    private Tensor(nint address, ElementType type, long d0, long d1, long d2, long s0, long s1)
    {
        (Address, Type, _d0, _d1, _d2, _s0, _s1) = (address, type, d0, d1, d2, s0, s1);
    }

    /// <summary>Address of the first element, in the device's address space.</summary>
    public nint Address { get; }

    /// <summary>What one element is.</summary>
    public ElementType Type { get; }

    /// <summary>True for the view of nothing, <c>default</c>.</summary>
    public bool IsEmpty => Address == 0;

    /// <summary>Number of dimensions, 1 to 3.</summary>
    public int Rank => _d1 < 0 ? 1 : _d2 < 0 ? 2 : 3;

    /// <summary>Size of a dimension.</summary>
    public long this[int dimension] => dimension switch
    {
        0 => _d0,
        1 when _d1 >= 0 => _d1,
        2 when _d2 >= 0 => _d2,
        _ => throw new ArgumentOutOfRangeException(nameof(dimension), dimension, "the tensor has fewer dimensions"),
    };

    /// <summary>Size of the last dimension.</summary>
    public long Width => this[Rank - 1];

    /// <summary>Product of all dimensions but the last.</summary>
    public long Rows => Rank switch { 1 => 1, 2 => _d0, _ => _d0 * _d1 };

    /// <summary>Number of elements.</summary>
    public long Count => Rows * Width;

    /// <summary>Elements from one index of a dimension to the next.</summary>
    public long Stride(int dimension) => dimension == Rank - 1 ? 1 : dimension == 0 ? _s0 : _s1;

    /// <summary>True when the elements lie one behind the other.</summary>
    public bool IsDense => Rank switch { 1 => true, 2 => _s0 == _d1, _ => _s1 == _d2 && _s0 == _d1 * _d2 };

    /// <summary>Rows <paramref name="from"/> … <paramref name="from"/> + <paramref name="count"/> - 1 of the first dimension.</summary>
    public Tensor Slice(long from, long count)
    {
        Require(from >= 0 && count >= 0 && from + count <= _d0, "slice");
        return new Tensor(Address + (nint)(from * Stride(0) * Type.Bytes()), Type, count, _d1, _d2, _s0, _s1);
    }

    /// <summary>Columns <paramref name="from"/> … of the last dimension, all rows; strides stay.</summary>
    public Tensor Columns(long from, long count)
    {
        Require(from >= 0 && count >= 0 && from + count <= Width, "column slice");
        nint address = Address + (nint)(from * Type.Bytes());
        return Rank switch
        {
            1 => new Tensor(address, Type, count),
            2 => new Tensor(address, Type, _d0, count, -1, _s0, 1),
            _ => new Tensor(address, Type, _d0, _d1, count, _s0, _s1),
        };
    }

    /// <summary>The same elements as [<paramref name="d0"/>, <paramref name="d1"/>]; the tensor must be dense.</summary>
    public Tensor As(long d0, long d1)
    {
        Require(IsDense && d0 * d1 == Count, "reshape");
        return new Tensor(Address, Type, d0, d1);
    }

    /// <summary>The same elements as [<paramref name="d0"/>, <paramref name="d1"/>, <paramref name="d2"/>].
    /// A strided [rows, width] may split its width.</summary>
    public Tensor As(long d0, long d1, long d2)
    {
        if (Rank == 2 && d0 == _d0 && d1 * d2 == _d1)
            return new Tensor(Address, Type, d0, d1, d2, _s0, d2);
        Require(IsDense && d0 * d1 * d2 == Count, "reshape");
        return new Tensor(Address, Type, d0, d1, d2);
    }

    /// <summary>The shape in words, for errors: <c>F32 [4, 64]</c>.</summary>
    public string Describe() => Rank switch
    {
        1 => $"{Type} [{_d0}]",
        2 => $"{Type} [{_d0}, {_d1}]",
        _ => $"{Type} [{_d0}, {_d1}, {_d2}]",
    };

    private void Require(bool holds, string what)
    {
        if (!holds)
            throw new ShapeException($"a {what} does not fit a tensor of shape {Describe()}");
    }
}
