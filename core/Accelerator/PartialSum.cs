namespace Glm5.Core.Accelerator;

/// <summary>
/// A rank's unreduced share of [tokens, hidden]: what row-parallel matrices and experts produce.
/// <see cref="BlockOps.ReduceAddNorm"/> alone consumes it, so that a forgotten reduction does not compile.
/// It holds one or several addends, [addends, tokens, hidden]: a backend that promises the same bits for every
/// number of ranks keeps fixed chunks of the sum apart until all of them are added in order (design 7).
/// </summary>
public readonly ref struct PartialSum
{
    internal PartialSum(Tensor addends) => Addends = addends;

    /// <summary>Tokens summed over.</summary>
    public long Tokens => Addends[1];

    /// <summary>Width of the sum.</summary>
    public long Width => Addends[2];

    internal Tensor Addends { get; }
}
