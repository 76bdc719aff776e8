using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda.Ops;

/// <summary>
/// Products by the number of their rows. Up to 8: CUDA cores keep up with memory. More: matrix units over weights as they are
/// stored. Many: cuBLASLt, where it is there, with weights of 8 bits widened to BF16 a stretch at a time.
/// </summary>
internal sealed partial class CudaOps
{
    /// <summary>Rows from which matrix units are worth rounding what is multiplied.</summary>
    private const int SomeRows = 9;

    /// <summary>Rows from which BF16 weights go to cuBLASLt.</summary>
    private const int ManyRows = 17;

    /// <summary>
    /// Rows from which widening 8-bit weights pays: it reads one byte and moves four a weight, which as many rows must make up for.
    /// </summary>
    private const int ManyRowsWidened = 65;

    /// <summary>Rows of a weight that are widened at a time at least: those under one row of scales.</summary>
    private const int Stretch = 128;

    /// <inheritdoc/>
    [Fused("tensor_*, cublasLtMatmul", When = "more than 8 rows; more than 16 of BF16 weights, 64 of 8-bit ones")]
    protected override void MatMulCore(Tensor x, PackedWeight weight, Tensor into)
    {
        CudaPackedWeight packed = Of(weight);
        if (!IsForCublas(packed, x[0]) || into.Address % 16 != 0 || Strides.OfRows(into) % 4 != 0)
        {
            MultiplyStored(packed, new Operands { X = x, Rows = x[0], Into = into }, isGated: false);
            return;
        }

        using ActivationArena.Scope scope = scratch.Open();
        Tensor rounded = Rounded(x.As(x[0], 1, x[1]), packed.Ld);
        if (packed.Type == ElementType.BF16)
        {
            Multiply(rounded, packed.Address, packed.Ld, packed.Rows, into, firstOutput: 0);
            return;
        }

        for (long first = 0; first < packed.Rows;)
        {
            using ActivationArena.Scope inner = scratch.Open();
            long most = Math.Max(Stretch, scratch.Available / 2 / (packed.Columns * sizeof(ushort)) / Stretch * Stretch);
            long rows = Math.Min(most, packed.Rows - first);
            Tensor wide = scratch.Take(ElementType.BF16, rows, packed.Ld);
            Widen(packed, first, wide);
            Multiply(rounded, wide.Address, packed.Ld, rows, into, first);
            first += rows;
        }
    }

    /// <inheritdoc/>
    [Fused("tensor_*, cublasLtMatmul batched over heads", When = "more than 8 rows, more than 16")]
    protected override void MatMulPerHeadCore(Tensor x, PackedWeight weight, Tensor into)
    {
        CudaPackedWeight packed = Of(weight);
        long rows = x[0], heads = x[1];
        var shape = new ProductShape(
            (int)rows, (int)packed.Outputs, (int)packed.Depth, heads * packed.Ld, packed.Ld, into.Stride(0), (int)heads, packed.Ld,
            packed.Outputs * packed.Ld, into.Stride(1));
        if (cublas is null || packed.Type != ElementType.BF16 || rows < ManyRows || !CublasProducts.Takes(shape, into.Address))
        {
            MultiplyStored(packed, new Operands { X = x, Rows = rows, Into = into }, isGated: false);
            return;
        }

        using ActivationArena.Scope scope = scratch.Open();
        cublas.Multiply(shape, Rounded(x, packed.Ld).Address, packed.Address, into.Address);
    }

    private readonly TensorProducts _tensor = new(kernels);

    /// <summary>
    /// into = x · Wᵀ or, gated, silu(gate · x) · (up · x), over weights as they are stored: on matrix units where a group has
    /// rows enough.
    /// </summary>
    private void MultiplyStored(CudaPackedWeight weight, in Operands o, bool isGated)
    {
        long each = o.Offsets.IsEmpty ? o.Rows : o.Rows / weight.Groups;
        if (each < SomeRows || !TensorProducts.Takes(weight))
        {
            if (isGated)
                Products.MultiplyGated(weight, o);
            else
                Products.Multiply(weight, o);
            return;
        }

        using ActivationArena.Scope scope = scratch.Open();
        Tensor x = o.X.Rank == 3 ? o.X : o.X.As(o.X[0], 1, o.X[1]);
        _tensor.Multiply(weight, o, Rounded(x, weight.Ld), isGated);
    }

    private bool IsForCublas(CudaPackedWeight weight, long rows) => cublas is not null && weight.Type switch
    {
        ElementType.BF16 => rows >= ManyRows,
        ElementType.F8E4M3 or ElementType.I8 => rows >= ManyRowsWidened,
        _ => false,
    };

    private void Multiply(Tensor x, nint weight, int ld, long outputs, Tensor into, long firstOutput)
    {
        var shape = new ProductShape((int)x[0], (int)outputs, ld, ld, ld, Strides.OfRows(into), 1, 0, 0, 0);
        cublas!.Multiply(shape, x.Address, weight, into.Address + (nint)(firstOutput * sizeof(float)));
    }

    /// <summary>x [rows, groups, depth] in BF16, dense but for rows padded with zeros to <paramref name="width"/>, in scratch.</summary>
    private Tensor Rounded(Tensor x, int width)
    {
        Tensor rounded = scratch.Take(ElementType.BF16, x[0], x[1], width);
        Kernels.Launch(
            Find("elementwise", "round_padded"), Grid.OfElements(rounded.Count),
            x.Address, x.Stride(0), x.Stride(1), rounded.Address, x[1], x[2], width, rounded.Count);
        return rounded;
    }

    /// <summary>Rows first … of 8-bit weights as BF16, padding included.</summary>
    private void Widen(CudaPackedWeight weight, long first, Tensor into)
    {
        DeviceScales s = weight.Scales;
        var grid = new Grid(into[0], 1, 1, 256);
        if (weight.Type == ElementType.I8)
        {
            Kernels.Launch(
                Find("plain", "widen_i8"), grid, weight.Address, weight.Ld, s.Address, first, into.Address, weight.Columns);
            return;
        }

        Kernels.Launch(
            Find("plain", "widen_e4m3"), grid,
            weight.Address, weight.Ld, s.Address, s.Columns, s.PartRows, s.PartBlocks, s.RowOrigin, s.ColumnOrigin, first,
            into.Address, weight.Columns);
    }
}
