using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Core.Parallel;

/// <summary>One rank's share of what tensor parallelism divides: heads, inner dimensions, vocabulary (design 5).</summary>
/// <param name="Rank">From 0.</param>
/// <param name="Size">Ranks in the group.</param>
public readonly record struct RankShard(int Rank, int Size)
{
    /// <summary>The whole, undivided.</summary>
    public static RankShard Whole => new(0, 1);

    /// <summary>This rank's count of <paramref name="total"/> equal things.</summary>
    /// <exception cref="AcceleratorException">They do not divide; names them and both numbers.</exception>
    public int Share(int total, string things) => total % Size == 0
        ? total / Size
        : throw new AcceleratorException(
            $"{total} {things} do not divide over {Size} ranks; choose a --tensor-parallel-size that divides {total}");

    /// <summary>The routed experts that this rank holds whole, of <paramref name="experts"/>.</summary>
    /// <exception cref="AcceleratorException">There are fewer experts than ranks.</exception>
    public ExpertSpan Experts(int experts) => experts >= Size
        ? ExpertSpan.Of(Rank, Size, experts)
        : throw new AcceleratorException(
            $"{experts} routed experts are too few for {Size} ranks that hold whole ones; choose a --data-parallel-size "
            + $"and a --tensor-parallel-size whose product is at most {experts}");

    /// <summary>This rank's output rows of a column-parallel matrix whose rows come in <paramref name="units"/> equal groups.</summary>
    public WeightSource Rows(WeightSource weight, int units, string things)
    {
        int share = Share(units, things);
        long unit = weight.Rows / units;
        return weight.RowSlice(Rank * share * unit, share * unit);
    }

    /// <summary>This rank's input columns of a row-parallel matrix whose columns come in <paramref name="units"/> equal groups.</summary>
    public WeightSource Columns(WeightSource weight, int units, string things)
    {
        int share = Share(units, things);
        long unit = weight.Columns / units;
        return weight.ColumnSlice(Rank * share * unit, share * unit);
    }
}
