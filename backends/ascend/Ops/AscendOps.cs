using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>
/// What serves: the steps that CANN fuses, each where its operators are there and its shapes are those they take, else the
/// contract's body over the primitives. Values cross steps as F32 and are rounded to BF16 once on the way in.
/// </summary>
internal sealed partial class AscendOps : AscendPrimitives
{
    /// <summary>Width of the rotated part that the rope operators take.</summary>
    private const int RopeWidth = 64;

    private readonly Fusions _fusions;

    /// <summary>Indexer weights may be F32 since then; before, they are of the query's type.</summary>
    private readonly bool _takesFloatWeights;

    /// <summary>Operations of one rank.</summary>
    public AscendOps(
        AscendMemory memory, ActivationArena arena, Collectives collectives, Kernels kernels, RopeAngles angles,
        Fusions fusions, CannVersion version)
        : base(memory, arena, collectives, kernels, angles) =>
        (_fusions, _takesFloatWeights) = (fusions, version.IsAtLeast(9, 1));

    /// <summary>
    /// True when the caches of such a store are written and read by fusions: turned keys then lie in halves.
    /// </summary>
    public static bool KeepsKeysInHalves(Fusions fusions, KvSpec spec) =>
        fusions.Has(Fusion.Latents) && fusions.Has(Fusion.SparseAttention)
        && spec is { RopeWidth: RopeWidth, LatentWidth: 512 } && spec.BlockSlots % 16 == 0 && spec.BlockSlots <= 1024;

    /// <inheritdoc/>
    [Fused("aclnnAddRmsNorm")]
    protected override void ReduceAddNormCore(
        PartialSum sum, Tensor residual, PackedWeight norm, float epsilon, Tensor normed)
    {
        if (!_fusions.Has(Fusion.AddNorm) || !residual.IsDense || !normed.IsDense)
        {
            base.ReduceAddNormCore(sum, residual, norm, epsilon, normed);
            return;
        }

        using ActivationArena.Scope scope = OpenScratch();
        Tensor total = Addends(sum).Slice(0, 1).As(sum.Tokens, sum.Width);
        Collectives.AllReduceSum(total);
        View carried = View.Of(residual), added = Kernels.TemporaryLike(carried, AclDataType.Float);
        Kernels.AddRmsNorm(View.Of(total), carried, Of(norm).Vector, epsilon, View.Of(normed), added);
        Kernels.Copy(added, carried);
    }

    /// <inheritdoc/>
    [Fused("aclnnTransposeBatchMatMul", When = "CANN 8.5 or later")]
    protected override void MatMulPerHeadCore(Tensor x, PackedWeight weight, Tensor into)
    {
        View matrices = Of(weight).Matrices;
        if (!_fusions.Has(Fusion.PerHead) || weight.Rows >= Kernels.WidestMatrix || weight.Columns >= Kernels.WidestMatrix)
        {
            base.MatMulPerHeadCore(x, weight, into);
            return;
        }

        using ActivationArena.Scope scope = OpenScratch();
        View results = Kernels.TemporaryLike(View.Of(into), matrices.Type);
        Kernels.ProductPerHead(
            Kernels.DenseAs(View.Of(x), matrices.Type), matrices, weight.Role == WeightRole.ValueUp, results);
        Kernels.Convert(results, View.Of(into));
    }
}
