using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>Row-parallel products whose results are added up: rows of some networks, the last matrices of these.</summary>
/// <param name="weight">A group for each network.</param>
/// <param name="rows">The activations, K in the rank's chunks.</param>
/// <param name="into">For each row, its token in the first addend.</param>
/// <param name="weights">For each row, what its results are multiplied by; null where that is 1.</param>
internal readonly unsafe struct AddendProduct(CpuPackedWeight weight, RowsByProduct rows, float** into, float* weights)
{
    private readonly float** _into = into;
    private readonly float* _weights = weights;

    /// <summary>True for <c>default</c>: nothing to add.</summary>
    public bool IsEmpty => weight is null;

    /// <summary>Stored bytes that one column of the output is made from.</summary>
    public long RowBytes => IsEmpty ? 0 : rows.Products * weight.Columns * weight.Parts[0].Type.Bytes();

    /// <summary>Adds the results with some weight rows, network by network.</summary>
    public void Add(long first, long count, long chunkStride, bool isFirst, Scratch scratch)
    {
        for (int product = 0; product < rows.Products; product++)
        {
            int row = rows.First(product);
            float* weights = _weights == null ? null : _weights + row;
            var results = new AddendResults(_into + row, weights, chunkStride, isFirst);
            ProductBlock.Run(weight.Parts[rows.Group(product)], first, count, rows.Of(product), results, scratch);
        }
    }
}

/// <summary>
/// A shared network's products, then those of the chosen experts in ascending order; a piece is a strip of the output, so
/// that every addend is summed up by one thread in that order, whatever the number of threads.
/// </summary>
/// <param name="shared">Of every token; may not be empty unless the addends were zeroed.</param>
/// <param name="experts">Of the tokens that chose each; may be empty.</param>
/// <param name="column">The first output column.</param>
/// <param name="width">Output columns from there.</param>
/// <param name="strip">Output columns of a piece.</param>
/// <param name="chunkStride">Floats from one addend to the next.</param>
/// <param name="scratch">One a worker.</param>
internal readonly struct AddendWork(
    AddendProduct shared, AddendProduct experts, long column, long width, long strip, long chunkStride, Scratch[] scratch)
    : IWork
{
    /// <summary>Strips of the output.</summary>
    public int Pieces => (int)((width + strip - 1) / strip);

    public void Run(int piece, int worker)
    {
        long first = column + (piece * strip), count = Math.Min(strip, column + width - first);
        if (!shared.IsEmpty)
            shared.Add(first, count, chunkStride, isFirst: true, scratch[worker]);
        if (!experts.IsEmpty)
            experts.Add(first, count, chunkStride, isFirst: false, scratch[worker]);
    }
}
