using Glm5.Core.Weights;

namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>Several products with the groups of one weight; a piece is a block of rows of one stored part.</summary>
/// <param name="weight">One group a product.</param>
/// <param name="rows">The activations.</param>
/// <param name="into">Where each row's results go.</param>
/// <param name="blockRows">Weight rows of a piece.</param>
/// <param name="scratch">One a worker.</param>
internal readonly unsafe struct ProductWork(
    CpuPackedWeight weight, RowsByProduct rows, float** into, long blockRows, Scratch[] scratch) : IWork
{
    private readonly float** _into = into;

    /// <summary>Pieces of all products.</summary>
    public int Pieces => weight.Parts.Length * BlocksPerPart;

    private int BlocksPerPart => (int)((weight.Parts[0].Rows + blockRows - 1) / blockRows);

    public void Run(int piece, int worker)
    {
        int index = piece / BlocksPerPart, perProduct = weight.Parts.Length / rows.Products, product = index / perProduct;
        PackedRows x = rows.Of(product);
        if (x.Rows == 0)
            return;
        ref readonly WeightSource part = ref weight.Parts[index];
        long first = piece % BlocksPerPart * blockRows;
        long column = index % perProduct * part.Rows;
        long count = Math.Min(blockRows, part.Rows - first);
        ProductBlock.Run(part, first, count, x, new PlainResults(_into + rows.First(product), column), scratch[worker]);
    }
}
