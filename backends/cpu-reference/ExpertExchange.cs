using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference;

/// <summary>A group's tokens of a step, as every rank that holds experts reads them.</summary>
/// <param name="X">The first of [tokens, hidden] F32.</param>
/// <param name="RowStride">Floats from one token to the next.</param>
/// <param name="Experts">The first of [tokens, k] I32.</param>
/// <param name="Weights">The first of [tokens, k] F32.</param>
/// <param name="Tokens">How many.</param>
public readonly record struct Offer(nint X, long RowStride, nint Experts, nint Weights, int Tokens);

/// <summary>
/// Exchange between all ranks of all groups, over which the routed experts are spread whole. A layer's experts begin with
/// <see cref="Dispatch"/>, go on with one or more <see cref="Show"/>, and each of those ends with <see cref="Release"/>.
/// Every rank does the same number of them.
/// </summary>
/// <remarks>
/// Results are shown chunk by chunk and pair by pair, not summed: the rank that needs them adds them to its own chunks in the
/// order that one rank alone would, so that the bits are the same for every number of ranks and groups.
/// </remarks>
public abstract class ExpertExchange
{
    /// <summary>This rank among all, group by group.</summary>
    public abstract int Rank { get; }

    /// <summary>Ranks of all groups.</summary>
    public abstract int Size { get; }

    /// <summary>Groups, whose tokens differ.</summary>
    public abstract int Groups { get; }

    /// <summary>The group of this rank.</summary>
    public int Group => Rank / (Size / Groups);

    /// <summary>
    /// Offers this group's tokens, the same on each of its ranks, and returns what each group offers. All stands until the
    /// last <see cref="Release"/> of the layer.
    /// </summary>
    public abstract ReadOnlySpan<Offer> Dispatch(Tensor x, Routes routes);

    /// <summary>
    /// Shows [chunks, rows, width] of this rank, each row the result of a pair of token and expert, and returns for each
    /// rank where chunk 0 of its results would lie: chunk c lies c · rows · width floats behind. Of others only the chunks
    /// that this rank sums up are there.
    /// </summary>
    /// <param name="results">This rank's; empty when it has no rows.</param>
    /// <param name="rows">[size] rows of each rank.</param>
    /// <param name="width">Columns of a row.</param>
    public abstract ReadOnlySpan<nint> Show(Tensor results, ReadOnlySpan<int> rows, long width);

    /// <summary>This rank does not read what others showed any more. Returns when its own may be overwritten.</summary>
    public abstract void Release();
}
