using System.Runtime.Intrinsics;

namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>Brings the rows of several products into lane order; a piece is some groups of one product's rows.</summary>
/// <param name="rows">The rows, product by product.</param>
/// <param name="from">Where each row is.</param>
/// <param name="piecesPerProduct">Pieces that a product's rows are cut into.</param>
internal readonly unsafe struct PackWork(RowsByProduct rows, float** from, int piecesPerProduct) : IWork
{
    private const int GroupsPerPiece = 4;

    private readonly float** _from = from;

    /// <summary>Pieces for products of at most that many rows.</summary>
    public static int PiecesFor(long mostRows) =>
        (int)Math.Max(1, (mostRows + (Tile.MostRows * GroupsPerPiece) - 1) / (Tile.MostRows * GroupsPerPiece));

    public void Run(int piece, int worker)
    {
        int product = piece / piecesPerProduct, part = piece % piecesPerProduct;
        PackedRows packed = rows.Of(product);
        float** first = _from + rows.First(product);
        long end = Math.Min(packed.Groups, (part + 1) * GroupsPerPiece);
        for (long group = part * GroupsPerPiece; group < end; group++)
        {
            if (Dot.Is512)
                packed.Fill<Lanes512, Vector512<float>>(first, group);
            else if (Dot.Is256)
                packed.Fill<Lanes256, Vector256<float>>(first, group);
            else
                packed.Fill<Lanes128, Vector128<float>>(first, group);
        }
    }
}
