using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda.Ops;

/// <summary>Choosing among elements.</summary>
internal partial class CudaPrimitives
{
    private const string Choices = "choices";

    /// <summary>Threads of the kernels that select.</summary>
    private const int SelectThreads = 256;

    /// <inheritdoc/>
    protected override void TopKCore(Tensor x, Tensor into) => TopK(x, lasts: 0, into);

    /// <summary>
    /// The k largest of each row, of its first elements up to <paramref name="lasts"/>[row] where that is not 0, an address of
    /// [rows] I32.
    /// </summary>
    protected void TopK(Tensor x, nint lasts, Tensor into) => Kernels.Launch(
        Find(Choices, "top_k"), new Grid(x[0], 1, 1, SelectThreads),
        x.Address, Strides.OfRows(x), lasts, x[1], into.Address, Strides.OfRows(into), into[1]);

    /// <inheritdoc/>
    protected override void FillChoicesCore(Tensor chosen) => Kernels.Launch(
        Find(Choices, "fill_choices"), Grid.OfElements(chosen[0]),
        chosen.Address, Strides.OfRows(chosen), chosen[1], chosen[0]);

    /// <inheritdoc/>
    protected override void ArgMaxCore(Tensor x, Tensor into) => Kernels.Launch(
        Find(Choices, "arg_max"), new Grid(x[0], 1, 1, SelectThreads), x.Address, Strides.OfRows(x), x[1], into.Address);

    /// <inheritdoc/>
    protected override void GroupByExpertCore(Tensor experts, Tensor tokenOf, Tensor sortedRow, Tensor offsets) =>
        Kernels.Launch(
            Find(Choices, "group_by_expert"), new Grid(1, 1, 1, SelectThreads),
            experts.Address, experts.Count, experts[1], offsets.Count - 1, tokenOf.Address, sortedRow.Address, offsets.Address);
}
