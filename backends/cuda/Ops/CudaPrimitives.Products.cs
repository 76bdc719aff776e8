using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda.Ops;

/// <summary>Products with weights and between activations.</summary>
internal partial class CudaPrimitives
{
    /// <inheritdoc/>
    protected override void EmbedCore(PackedWeight table, Tensor ids, Tensor into)
    {
        CudaPackedWeight rows = Of(table);
        Kernels.Launch(
            Find("rows", "embed"), Grid.OfRows(ids.Count, into[1]),
            rows.Address, rows.Type == ElementType.BF16, (long)rows.Ld, rows.Rows, ids.Address, into.Address,
            Strides.OfRows(into), into[1]);
    }

    /// <inheritdoc/>
    protected override void MatMulCore(Tensor x, PackedWeight weight, Tensor into) =>
        Products.Multiply(Of(weight), new Operands { X = x, Rows = x[0], Into = into });

    /// <inheritdoc/>
    protected override void MatMulCore(Tensor a, Tensor b, bool transposed, Tensor into)
    {
        Kernels.Launch(
            Find("plain", "product_of_activations"), Grid.OfElements(into.Count),
            a.Address, Strides.OfRows(a), b.Address, Strides.OfRows(b), transposed, into.Address, Strides.OfRows(into),
            into[1], a[1], into.Count);
    }

    /// <inheritdoc/>
    protected override void MatMulPerHeadCore(Tensor x, PackedWeight weight, Tensor into) =>
        Products.Multiply(Of(weight), new Operands { X = x, Rows = x[0], Into = into });

    /// <inheritdoc/>
    protected override void MatMulPerExpertCore(Tensor x, PackedWeight weight, Tensor offsets, Tensor into) =>
        Products.Multiply(Of(weight), new Operands { X = x, Rows = x[0], Into = into, Offsets = offsets });
}
