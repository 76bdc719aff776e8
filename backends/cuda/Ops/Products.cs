using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda.Ops;

/// <summary>What a product multiplies, and how its rows are found.</summary>
internal readonly ref struct Operands
{
    /// <summary>Rows, [rows, depth] or [rows, groups, depth].</summary>
    public required Tensor X { get; init; }

    /// <summary>The row of x that each row of the product takes, [rows] I32; empty: its own.</summary>
    public Tensor RowOf { get; init; }

    /// <summary>First row of each group and the end of the last, [groups + 1] I32; empty: every group has all rows.</summary>
    public Tensor Offsets { get; init; }

    /// <summary>Rows in all.</summary>
    public required long Rows { get; init; }

    /// <summary>Results, [rows, outputs] or [rows, groups, outputs].</summary>
    public required Tensor Into { get; init; }

    /// <summary>True to add to what stands there.</summary>
    public bool Adds { get; init; }
}

/// <summary>Launches the products of products.cu.</summary>
internal sealed class Products(Kernels kernels)
{
    private const string File = "products";
    private const int Threads = 128, Warps = 4, RowsAtOnce = 4, MostGroups = 1024;

    /// <summary>into = x · Wᵀ, group by group.</summary>
    public void Multiply(CudaPackedWeight weight, in Operands operands) => Launch(weight, operands, isGated: false);

    /// <summary>into = silu(gate · x) · (up · x), where W is gate above up.</summary>
    public void MultiplyGated(CudaPackedWeight weight, in Operands operands) => Launch(weight, operands, isGated: true);

    /// <summary>
    /// Warps that share a sum over K, by its length alone: what a row gives must not depend on how many there are.
    /// </summary>
    private static int WarpsOver(long depth) => depth >= 4096 ? 4 : depth >= 1024 ? 2 : 1;

    private void Launch(CudaPackedWeight weight, in Operands o, bool isGated)
    {
        Kernels.RequireFloats("a product", o.X);
        Kernels.RequireFloats("a product", o.Into);
        if (o.Rows == 0)
            return;
        if (weight.Groups > MostGroups)
            throw new ShapeException($"a product of {weight.Groups} groups, kernels take {MostGroups}");
        bool isPerHead = o.X.Rank == 3;
        long outputs = isGated ? weight.Outputs / 2 : weight.Outputs, depth = weight.Depth;
        long xRow = o.X.Rank == 1 ? depth : o.X.Stride(0), xGroup = isPerHead ? o.X.Stride(1) : 0;
        long yRow = o.Into.Rank == 1 ? outputs : o.Into.Stride(0), yGroup = isPerHead ? o.Into.Stride(1) : 0;
        bool isAligned = o.X.Address % 16 == 0 && xRow % 4 == 0 && xGroup % 4 == 0;
        int tokens = o.Rows == 1 ? 1 : o.Rows <= 4 || (!o.Offsets.IsEmpty && o.Rows < 8L * weight.Groups) ? 4 : 8;
        int kWarps = WarpsOver(depth);
        DeviceScales s = weight.Scales;
        kernels.Launch(
            kernels.Find(File, Name(weight.Type, tokens, isGated)), GridOf(weight, o, outputs, tokens, kWarps, isGated),
            o.X.Address, xRow, xGroup, o.RowOf.IsEmpty ? 0 : o.RowOf.Address, isAligned, weight.Address, weight.Ld, s.Address,
            s.Columns, s.PartRows, s.PartBlocks, s.RowOrigin, s.ColumnOrigin, o.Into.Address, yRow, yGroup,
            o.Offsets.IsEmpty ? 0 : o.Offsets.Address, weight.Groups, o.Rows, outputs, depth, kWarps, o.Adds);
    }

    private Grid GridOf(CudaPackedWeight weight, in Operands o, long outputs, int tokens, int kWarps, bool isGated)
    {
        long outputsAtOnce = (long)Warps / kWarps * (isGated ? RowsAtOnce / 2 : RowsAtOnce);
        long columnTiles = (outputs + outputsAtOnce - 1) / outputsAtOnce, rowTiles = (o.Rows + tokens - 1) / tokens;

        // Sorted rows make at most a tile more a group than they would alone; which, only the device knows.
        long tiles = o.Offsets.IsEmpty ? rowTiles * weight.Groups : rowTiles + Math.Min(weight.Groups, o.Rows);
        return new Grid(Math.Min(tiles * columnTiles, kernels.FullGrid), 1, 1, Threads);
    }

    private static string Name(ElementType type, int tokens, bool isGated) => (type, tokens, isGated) switch
    {
        (ElementType.F32, 1, false) => "product_f32_1",
        (ElementType.F32, 4, false) => "product_f32_4",
        (ElementType.F32, 8, false) => "product_f32_8",
        (ElementType.F32, 1, true) => "gated_f32_1",
        (ElementType.F32, 4, true) => "gated_f32_4",
        (ElementType.F32, 8, true) => "gated_f32_8",
        (ElementType.BF16, 1, false) => "product_bf16_1",
        (ElementType.BF16, 4, false) => "product_bf16_4",
        (ElementType.BF16, 8, false) => "product_bf16_8",
        (ElementType.BF16, 1, true) => "gated_bf16_1",
        (ElementType.BF16, 4, true) => "gated_bf16_4",
        (ElementType.BF16, 8, true) => "gated_bf16_8",
        (ElementType.F8E4M3, 1, false) => "product_e4m3_1",
        (ElementType.F8E4M3, 4, false) => "product_e4m3_4",
        (ElementType.F8E4M3, 8, false) => "product_e4m3_8",
        (ElementType.F8E4M3, 1, true) => "gated_e4m3_1",
        (ElementType.F8E4M3, 4, true) => "gated_e4m3_4",
        (ElementType.F8E4M3, 8, true) => "gated_e4m3_8",
        (ElementType.I8, 1, false) => "product_i8_1",
        (ElementType.I8, 4, false) => "product_i8_4",
        (ElementType.I8, 8, false) => "product_i8_8",
        (ElementType.I8, 1, true) => "gated_i8_1",
        (ElementType.I8, 4, true) => "gated_i8_4",
        _ => "gated_i8_8",
    };
}
