using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>Norms and sums over rows, and moving rows.</summary>
internal partial class AscendPrimitives
{
    /// <inheritdoc/>
    protected override void RmsNormCore(Tensor x, PackedWeight weight, float epsilon, Tensor into)
    {
        using ActivationArena.Scope scope = OpenScratch();
        View y = View.Of(into), target = Target(y, AclDataType.Float, x.Address == into.Address);
        Kernels.RmsNorm(View.Of(x), Of(weight).Vector, epsilon, target);
        Deliver(target, y);
    }

    /// <inheritdoc/>
    protected override void LayerNormCore(Tensor x, PackedWeight weight, PackedWeight bias, float epsilon, Tensor into)
    {
        using ActivationArena.Scope scope = OpenScratch();
        View y = View.Of(into), target = Target(y, AclDataType.Float, x.Address == into.Address);
        Kernels.LayerNorm(View.Of(x), Of(weight).Vector, Of(bias).Vector, epsilon, target);
        Deliver(target, y);
    }

    /// <summary>
    /// A row that is all −inf has no maximum: what is left out counts as the lowest number, and as 0 afterwards.
    /// </summary>
    protected override void SoftmaxCore(Tensor x, float scale)
    {
        using ActivationArena.Scope scope = OpenScratch();
        View rows = View.Of(x), logits = Kernels.TemporaryLike(rows, AclDataType.Float);
        Kernels.Multiply(rows, scale, logits);
        View absent = Kernels.IsEqual(logits, float.NegativeInfinity);
        Kernels.FillWhere(logits, absent, float.MinValue);
        View target = Target(rows, AclDataType.Float);
        Kernels.Softmax(logits, target);
        Kernels.FillWhere(target, absent, 0);
        Deliver(target, rows);
    }

    /// <inheritdoc/>
    protected override void NormalizeRowsCore(Tensor x, float epsilon, float factor)
    {
        using ActivationArena.Scope scope = OpenScratch();
        View rows = View.Of(x), sums = Kernels.Temporary(AclDataType.Float, x[0], 1);
        Kernels.Sum(rows, 1, sums);
        Kernels.Add(sums, epsilon, sums);
        Kernels.Divide(rows, sums, rows);
        Kernels.Multiply(rows, factor, rows);
    }

    /// <inheritdoc/>
    protected override void ReduceSumCore(Tensor x, Tensor into)
    {
        using ActivationArena.Scope scope = OpenScratch();
        View y = View.Of(into), target = Target(y, AclDataType.Float);
        Kernels.Sum(View.Of(x), 1, target);
        Deliver(target, y);
    }

    /// <inheritdoc/>
    protected override void ConcatCore(Tensor a, Tensor b, Tensor into)
    {
        Kernels.Copy(View.Of(a), View.Of(into.Columns(0, a[1])));
        Kernels.Copy(View.Of(b), View.Of(into.Columns(a[1], b[1])));
    }

    /// <inheritdoc/>
    protected override void GatherRowsCore(Tensor x, Tensor indices, Tensor into)
    {
        using ActivationArena.Scope scope = OpenScratch();
        (View existing, View isAbsent) = Existing(View.Of(indices));
        View y = View.Of(into), target = Target(y, View.InCann(x.Type), x.Address == into.Address);
        Kernels.GatherRows(View.Of(x), existing, target);
        Kernels.FillWhere(target, isAbsent.As(indices.Count, 1), 0);
        Deliver(target, y);
    }

    /// <inheritdoc/>
    protected override void ScatterRowsCore(Tensor x, Tensor indices, Tensor into) =>
        Kernels.ScatterRows(View.Of(x), View.Of(indices), View.Of(into));

    /// <inheritdoc/>
    protected override void GatherColumnsCore(Tensor x, Tensor indices, Tensor into)
    {
        using ActivationArena.Scope scope = OpenScratch();
        (View existing, View isAbsent) = Existing(View.Of(indices));
        View y = View.Of(into), target = Target(y, AclDataType.Float);
        Kernels.GatherColumns(View.Of(x), existing, target);
        Kernels.FillWhere(target, isAbsent, float.NaN);
        Deliver(target, y);
    }

    /// <summary>Indices with 0 in place of negative ones, and a bool that says where those were.</summary>
    private (View Existing, View IsAbsent) Existing(in View indices)
    {
        View existing = Kernels.TemporaryLike(indices, AclDataType.Int32), isAbsent = Kernels.IsBelow(indices, 0);
        Kernels.Copy(indices, existing);
        Kernels.FillWhere(existing, isAbsent, 0);
        return (existing, isAbsent);
    }
}
