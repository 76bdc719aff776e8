namespace Glm5.Benchmarks.Models;

/// <summary>How the matrices of a checkpoint are stored, as the two GLM-5 releases do.</summary>
internal enum WeightFormat
{
    Bf16,

    /// <summary>
    /// E4M3 codes with one F32 scale per 128 x 128 block, in a tensor of its own named <c>…_scale_inv</c>.
    /// </summary>
    Fp8,
}

/// <summary>What kind of numbers a tensor holds, which decides its storage type.</summary>
internal enum TensorKind
{
    /// <summary>A matrix that the FP8 release stores as E4M3.</summary>
    Matrix,

    /// <summary>
    /// A matrix that stays BF16 in both releases: embedding, head, router, indexer head weights, draft projection.
    /// </summary>
    Bf16Matrix,

    /// <summary>A norm's weight or bias: BF16.</summary>
    Vector,

    /// <summary>The router's correction bias: F32, since BF16 would merge most of its values.</summary>
    F32Vector,
}

/// <summary>One tensor of the checkpoint before it has values.</summary>
/// <param name="Name">Its name in the Hugging Face layout.</param>
/// <param name="Rows">Output features; 1 for a vector.</param>
/// <param name="Columns">Input features, or the vector's length.</param>
/// <param name="Kind">What decides its storage type.</param>
/// <param name="Mean">Mean of its values.</param>
/// <param name="Deviation">Standard deviation of its values.</param>
internal readonly record struct BenchTensor(
    string Name, int Rows, int Columns, TensorKind Kind, float Mean, float Deviation)
{
    /// <summary>Side of the square block that shares one FP8 scale.</summary>
    public const int ScaleBlock = 128;

    public long Count => (long)Rows * Columns;

    public bool IsFp8(WeightFormat format) => format == WeightFormat.Fp8 && Kind == TensorKind.Matrix;

    public int ScaleRows => (Rows + ScaleBlock - 1) / ScaleBlock;

    public int ScaleColumns => (Columns + ScaleBlock - 1) / ScaleBlock;

    /// <summary>Bytes in the file, scales included.</summary>
    public long Bytes(WeightFormat format) =>
        Kind == TensorKind.F32Vector ? Count * sizeof(float)
        : IsFp8(format) ? Count + ((long)ScaleRows * ScaleColumns * sizeof(float))
        : Count * sizeof(ushort);
}
