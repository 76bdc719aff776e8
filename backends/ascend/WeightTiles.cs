using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend;

/// <summary>
/// FRACTAL_NZ, the order in which cube cores read a right matrix [k, n]: tiles of 16 rows by 32 bytes, all of one column of
/// tiles before the next (docs: data formats). Of a stored weight [n, k] a stretch of <see cref="Width"/> rows, turned, is
/// one column of tiles: nothing moves between stretches.
/// </summary>
internal static class WeightTiles
{
    /// <summary>Rows of a tile.</summary>
    public const int Height = 16;

    /// <summary>Columns of a tile.</summary>
    public static int Width(AclDataType type) => 32 / View.Bytes(type);

    /// <summary>True when a stored weight [rows, columns] fills its tiles and no dimension is too long for a product.</summary>
    public static bool Fill(long rows, long columns, AclDataType type) =>
        rows % Width(type) == 0 && columns % Height == 0 && rows <= Ops.Kernels.WidestMatrix && columns <= Ops.Kernels.WidestMatrix;

    /// <summary>Whether a weight of a role is only ever the right side of a product that takes tiles.</summary>
    public static bool AreTaken(WeightRole role, int groups, AclDataType type, Ops.Fusions fusions) => role switch
    {
        WeightRole.Linear or WeightRole.Head when groups == 1 => Has(type, fusions),
        WeightRole.GateUp or WeightRole.RowParallel when groups == 1 => Has(type, fusions),

        // Grouped products read BF16 row by row as well; those of codes run into the gate in one operator.
        WeightRole.GateUp => type == AclDataType.Int8 && fusions.Has(Ops.Fusion.TiledExperts),
        _ => false,
    };

    /// <summary>Turns stretches of rows [n, k] into columns of tiles.</summary>
    public static void Turn<T>(ReadOnlySpan<T> rows, int columns, int width, Span<T> into)
    {
        for (int stretch = 0; stretch < rows.Length; stretch += width * columns)
        {
            for (int r = 0; r < width; r++)
            {
                ReadOnlySpan<T> row = rows.Slice(stretch + (r * columns), columns);
                for (int c = 0; c < columns; c++)
                    into[stretch + (c * width) + r] = row[c];
            }
        }
    }

    private static bool Has(AclDataType type, Ops.Fusions fusions) => type switch
    {
        AclDataType.BFloat16 => fusions.Has(Ops.Fusion.TiledProducts),
        AclDataType.Int8 => fusions.Has(Ops.Fusion.TiledCodes),
        _ => false,
    };
}
