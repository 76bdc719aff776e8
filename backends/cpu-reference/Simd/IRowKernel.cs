namespace Glm5.Backends.CpuReference.Simd;

/// <summary>Work on the rows of a tensor, each by itself.</summary>
internal interface IRowKernel
{
    /// <summary>Does one row.</summary>
    void Run(long row);
}

/// <summary>Rows in pieces of equal number.</summary>
internal readonly struct RowsWork<TKernel>(TKernel kernel, long rows, long rowsPerPiece) : IWork
    where TKernel : struct, IRowKernel
{
    private readonly TKernel _kernel = kernel;

    public void Run(int piece, int worker)
    {
        long end = Math.Min(rows, (piece + 1) * rowsPerPiece);
        for (long row = piece * rowsPerPiece; row < end; row++)
            _kernel.Run(row);
    }
}
