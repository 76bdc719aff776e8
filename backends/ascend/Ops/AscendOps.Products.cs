using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>
/// Products with weights in tiles, and of 8-bit integers (W8A8): activations are quantised row by row on the way in.
/// </summary>
internal sealed partial class AscendOps
{
    /// <inheritdoc/>
    [Fused("aclnnMatmulWeightNz, aclnnDynamicQuant, aclnnQuantMatmulWeightNz", When = "weights in tiles; of 8-bit integers, or FP8 converted to them")]
    protected override void MatMulCore(Tensor x, PackedWeight weight, Tensor into)
    {
        if (Of(weight) is { IsQuantised: false, IsTiled: false })
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
        if (Of(weight) is { IsQuantised: false, IsTiled: false })
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
            if (packed.IsTiled)
                Kernels.TiledProduct(x, packed.TilesAsTheyLie, into);
            else
                Kernels.Product(x, packed.Matrix().Exchanged(0, 1), into);
            return;
        }

        (View codes, View scales) = Kernels.QuantiseRows(x);
        if (packed.IsTiled)
            Kernels.QuantisedTiledProduct(codes, scales, packed.TilesAsTheyLie, packed.Scales, into);
        else
            Kernels.QuantisedProduct(codes, scales, packed.Matrix(), packed.Scales, into);
    }

    /// <summary>The same for rows in groups that end at ends [groups] I64.</summary>
    private void MultiplyGroups(in View x, PackedWeight weight, in View ends, in View into)
    {
        AscendPackedWeight packed = Of(weight);
        if (packed.IsQuantised)
        {
            (View codes, View scales) = Kernels.QuantiseRows(x);
            MultiplyGroups(codes, scales, packed, ends, into);
            return;
        }

        if (packed.IsTiled)
            Kernels.TiledGroupedProduct(x, packed.GroupsOfTiles, ends, into);
        else
            Kernels.GroupedProduct(x, packed.Matrices.Exchanged(1, 2), ends, into);
    }

    /// <summary>The same for rows that are 8-bit integers already.</summary>
    private void MultiplyGroups(in View codes, in View scales, AscendPackedWeight weight, in View ends, in View into)
    {
        // The operators take BF16 scales of columns alone.
        View columnScales = Kernels.DenseAs(weight.AllScales, AclDataType.BFloat16);
        if (weight.IsTiled)
            Kernels.QuantisedTiledGroupedProduct(codes, scales, weight.GroupsOfTiles, columnScales, ends, into);
        else
            Kernels.QuantisedGroupedProduct(codes, scales, weight.Matrices.Exchanged(1, 2), columnScales, ends, into);
    }
}
