using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>Products of 8-bit integers (W8A8): activations are quantised row by row on the way in.</summary>
internal sealed partial class AscendOps
{
    /// <inheritdoc/>
    [Fused("aclnnDynamicQuant, aclnnQuantMatmulV4", When = "weights of 8-bit integers, or FP8 converted to them")]
    protected override void MatMulCore(Tensor x, PackedWeight weight, Tensor into)
    {
        if (!Of(weight).IsQuantised)
        {
            base.MatMulCore(x, weight, into);
            return;
        }

        using ActivationArena.Scope scope = OpenScratch();
        View result = Kernels.Temporary(AclDataType.BFloat16, into[0], into[1]);
        Multiply(Kernels.DenseAs(View.Of(x), AclDataType.BFloat16), weight, result);
        Kernels.Cast(result, View.Of(into));
    }

    /// <inheritdoc/>
    [Fused("aclnnDynamicQuant, aclnnGroupedMatmulV4", When = "weights of 8-bit integers, or FP8 converted to them")]
    protected override void MatMulPerExpertCore(Tensor x, PackedWeight weight, Tensor offsets, Tensor into)
    {
        if (!Of(weight).IsQuantised)
        {
            base.MatMulPerExpertCore(x, weight, offsets, into);
            return;
        }

        using ActivationArena.Scope scope = OpenScratch();
        View ends = Kernels.Temporary(AclDataType.Int64, weight.Groups), result = Kernels.Temporary(AclDataType.BFloat16, into[0], into[1]);
        Kernels.Cast(View.Of(offsets).Part(0, 1, weight.Groups), ends);
        MultiplyGroups(Kernels.DenseAs(View.Of(x), AclDataType.BFloat16), weight, ends, result);
        Kernels.Cast(result, View.Of(into));
    }

    /// <summary>into [rows, out] BF16 = x [rows, in] BF16 · Wᵀ, in the weight's own way.</summary>
    private void Multiply(in View x, PackedWeight weight, in View into)
    {
        AscendPackedWeight packed = Of(weight);
        if (!packed.IsQuantised)
        {
            Kernels.Product(x, packed.Matrix().Exchanged(0, 1), into);
            return;
        }

        (View codes, View scales) = Kernels.QuantiseRows(x);
        Kernels.QuantisedProduct(codes, scales, packed.Matrix(), packed.Scales, into);
    }

    /// <summary>The same for rows in groups that end at ends [groups] I64.</summary>
    private void MultiplyGroups(in View x, PackedWeight weight, in View ends, in View into)
    {
        AscendPackedWeight packed = Of(weight);
        View matrices = packed.Matrices.Exchanged(1, 2);
        if (!packed.IsQuantised)
        {
            Kernels.GroupedProduct(x, matrices, ends, into);
            return;
        }

        // Beside a row-major weight the operator takes BF16 scales alone.
        (View codes, View scales) = Kernels.QuantiseRows(x);
        Kernels.QuantisedGroupedProduct(
            codes, scales, matrices, Kernels.DenseAs(packed.AllScales, AclDataType.BFloat16), ends, into);
    }
}
