using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda.Ops;

/// <summary>Launches the products of tensor.cu: rows rounded to BF16, weights as they are stored, matrix units.</summary>
internal sealed class TensorProducts(Kernels kernels)
{
    private const string File = "tensor";
    private const int Threads = 128, Warps = 4, RowsOfWarp = 16, MostGroups = 1024;

    /// <summary>Elements of K that are under one scale: what a cut of a matrix must not divide.</summary>
    private const int Depth = 64;

    /// <summary>Whether a weight's type and cut are those of the kernels.</summary>
    public static bool Takes(CudaPackedWeight weight) => weight.Groups <= MostGroups
        && (weight.Type is ElementType.BF16 or ElementType.I8
            || (weight.Type == ElementType.F8E4M3 && weight.Scales.ColumnOrigin % Depth == 0));

    /// <summary>
    /// into = x · Wᵀ, or silu(gate · x) · (up · x). <paramref name="rounded"/> is what o.X has, in BF16 and padded to the weight's row:
    /// [rows, groups or 1, ld].
    /// </summary>
    public void Multiply(CudaPackedWeight weight, in Operands o, Tensor rounded, bool isGated)
    {
        Kernels.RequireFloats("a product", o.Into);
        if (o.Rows == 0)
            return;
        bool isPerHead = o.Into.Rank == 3;
        long outputs = isGated ? weight.Outputs / 2 : weight.Outputs;
        long yGroup = isPerHead ? o.Into.Stride(1) : 0;
        int tiles = TilesOf(o, weight.Groups), kWarps = weight.Depth >= 2048 ? 4 : weight.Depth >= 512 ? 2 : 1;
        DeviceScales s = weight.Scales;
        kernels.Launch(
            kernels.Find(File, Name(weight.Type, tiles, isGated)), GridOf(weight, o, outputs, 8 * tiles, kWarps, isGated),
            rounded.Address, weight.Ld, isPerHead ? (long)weight.Ld : 0L, o.RowOf.IsEmpty ? 0 : o.RowOf.Address, weight.Address,
            weight.Ld, s.Address, s.Columns, s.PartRows, s.PartBlocks, s.RowOrigin, s.ColumnOrigin, o.Into.Address,
            o.Into.Stride(0), yGroup, o.Offsets.IsEmpty ? 0 : o.Offsets.Address, weight.Groups, o.Rows, outputs, kWarps, o.Adds);
    }

    /// <summary>Rows of x that a warp has at a time, in eights: as many as a group has on average, up to 32.</summary>
    private static int TilesOf(in Operands o, int groups)
    {
        long each = o.Offsets.IsEmpty ? o.Rows : o.Rows / groups;
        return each > 16 ? 4 : each > 8 ? 2 : 1;
    }

    private Grid GridOf(CudaPackedWeight weight, in Operands o, long outputs, int tokens, int kWarps, bool isGated)
    {
        long outputsAtOnce = (long)Warps / kWarps * (isGated ? RowsOfWarp / 2 : RowsOfWarp);
        long columnTiles = (outputs + outputsAtOnce - 1) / outputsAtOnce, rowTiles = (o.Rows + tokens - 1) / tokens;
        long tiles = o.Offsets.IsEmpty ? rowTiles * weight.Groups : rowTiles + Math.Min(weight.Groups, o.Rows);
        return new Grid(Math.Min(tiles * columnTiles, kernels.FullGrid), 1, 1, Threads);
    }

    private static string Name(ElementType type, int tiles, bool isGated) => (type, tiles, isGated) switch
    {
        (ElementType.BF16, 1, false) => "tensor_bf16_8",
        (ElementType.BF16, 2, false) => "tensor_bf16_16",
        (ElementType.BF16, 4, false) => "tensor_bf16_32",
        (ElementType.BF16, 1, true) => "tensor_gated_bf16_8",
        (ElementType.BF16, 2, true) => "tensor_gated_bf16_16",
        (ElementType.BF16, 4, true) => "tensor_gated_bf16_32",
        (ElementType.F8E4M3, 1, false) => "tensor_e4m3_8",
        (ElementType.F8E4M3, 2, false) => "tensor_e4m3_16",
        (ElementType.F8E4M3, 4, false) => "tensor_e4m3_32",
        (ElementType.F8E4M3, 1, true) => "tensor_gated_e4m3_8",
        (ElementType.F8E4M3, 2, true) => "tensor_gated_e4m3_16",
        (ElementType.F8E4M3, 4, true) => "tensor_gated_e4m3_32",
        (ElementType.I8, 1, false) => "tensor_i8_8",
        (ElementType.I8, 2, false) => "tensor_i8_16",
        (ElementType.I8, 4, false) => "tensor_i8_32",
        (ElementType.I8, 1, true) => "tensor_gated_i8_8",
        (ElementType.I8, 2, true) => "tensor_gated_i8_16",
        (ElementType.I8, 4, true) => "tensor_gated_i8_32",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "matrix units take BF16, E4M3 and 8-bit integers"),
    };
}
