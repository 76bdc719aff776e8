namespace Glm5.Backends.CpuReference;

/// <summary>
/// How every row-parallel sum of this backend is ordered, so that 1, 2, 4 and 8 ranks give the same bits (design 7).
/// The unsharded K of a row-parallel matrix is cut into <see cref="Count"/> equal chunks, whatever the number of ranks.
/// A rank holds Count / ranks adjacent chunks and writes the product over each, in ascending K, to an addend of its own
/// in the <c>PartialSum</c>; <c>ReduceAddNorm</c> adds all chunks of all ranks in the order 0 … Count - 1, then the
/// residual. Within a chunk of an expert layer the shared expert comes first, then the chosen experts in ascending id,
/// each times its weight. Both voices follow this rule and no other.
/// </summary>
public static class RowParallelChunks
{
    /// <summary>Chunks of a whole, unsharded K.</summary>
    public const int Count = 8;

    /// <summary>Numbers of ranks that hold the same whole number of chunks each.</summary>
    public static IReadOnlyList<int> RankCounts { get; } = [1, 2, 4, 8];

    /// <summary>Chunks, and so addends, of one rank.</summary>
    public static int PerRank(int ranks) => Count / ranks;

    /// <summary>Columns of one chunk in a rank's shard of <paramref name="shardColumns"/> columns.</summary>
    public static long Width(long shardColumns, int ranks) => shardColumns / PerRank(ranks);
}
