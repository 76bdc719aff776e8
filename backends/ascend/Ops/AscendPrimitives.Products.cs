using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>Embedding and matrix products.</summary>
internal partial class AscendPrimitives
{
    /// <inheritdoc/>
    protected override void EmbedCore(PackedWeight table, Tensor ids, Tensor into)
    {
        using ActivationArena.Scope scope = OpenScratch();
        View rows = Of(table).Matrix(), y = View.Of(into), target = Target(y, rows.Type);
        Kernels.GatherRows(rows, View.Of(ids), target);
        Deliver(target, y);
    }

    /// <inheritdoc/>
    protected override void MatMulCore(Tensor x, PackedWeight weight, Tensor into)
    {
        using ActivationArena.Scope scope = OpenScratch();
        View matrix = Of(weight).Matrix();
        if (weight.Groups != 1)
            throw new ShapeException($"MatMul: a weight of {weight.Groups} groups is multiplied per head or per expert");
        Multiply(Kernels.DenseAs(View.Of(x), matrix.Type), matrix.Exchanged(0, 1), View.Of(into));
    }

    /// <inheritdoc/>
    protected override void MatMulCore(Tensor a, Tensor b, bool transposed, Tensor into)
    {
        using ActivationArena.Scope scope = OpenScratch();
        View right = View.Of(b);
        Multiply(View.Of(a), transposed ? right.Exchanged(0, 1) : right, View.Of(into));
    }

    /// <inheritdoc/>
    protected override void MatMulPerHeadCore(Tensor x, PackedWeight weight, Tensor into)
    {
        using ActivationArena.Scope scope = OpenScratch();
        View matrices = Of(weight).Matrices;
        if (weight.Role == WeightRole.ValueUp)
            matrices = matrices.Exchanged(1, 2);
        View heads = View.Of(x).Exchanged(0, 1);
        if (heads.Type != matrices.Type)
        {
            View rounded = Kernels.TemporaryLike(heads, matrices.Type);
            Kernels.Cast(heads, rounded);
            heads = rounded;
        }

        View byHead = Kernels.Temporary(matrices.Type, into[1], into[0], into[2]);
        Kernels.BatchProduct(heads, matrices, byHead);
        Kernels.Convert(byHead.Exchanged(0, 1), View.Of(into));
    }

    /// <inheritdoc/>
    protected override void MatMulPerExpertCore(Tensor x, PackedWeight weight, Tensor offsets, Tensor into)
    {
        using ActivationArena.Scope scope = OpenScratch();
        View matrices = Of(weight).Matrices.Exchanged(1, 2), y = View.Of(into), target = Target(y, matrices.Type);
        View ends = Kernels.Temporary(AclDataType.Int64, weight.Groups);
        Kernels.Cast(View.Of(offsets).Part(0, 1, weight.Groups), ends);
        Kernels.GroupedProduct(Kernels.DenseAs(View.Of(x), matrices.Type), matrices, ends, target);
        Deliver(target, y);
    }

    /// <summary>A weight of this backend.</summary>
    protected static AscendPackedWeight Of(PackedWeight weight) => weight as AscendPackedWeight
        ?? throw new ShapeException($"a weight packed by another backend ({weight.GetType().Name}) was given to ascend");

    /// <summary>into = a · b; results wider than an operator takes go in stretches of columns.</summary>
    private void Multiply(in View a, in View b, in View into)
    {
        if (a[1] > Kernels.WidestMatrix)
            throw new ShapeException($"a product over {a[1]:N0} elements: operators of Ascend take at most {Kernels.WidestMatrix:N0}");
        if (into[1] <= Kernels.WidestMatrix)
        {
            View target = Target(into, b.Type);
            Kernels.Product(a, b, target);
            Deliver(target, into);
            return;
        }

        for (long from = 0; from < into[1]; from += Kernels.WidestMatrix)
        {
            using ActivationArena.Scope scope = OpenScratch();
            long count = Math.Min(Kernels.WidestMatrix, into[1] - from);
            View stretch = Kernels.Temporary(b.Type, into[0], count);
            Kernels.Product(a, b.Part(1, from, count), stretch);
            Kernels.Convert(stretch, into.Part(1, from, count));
        }
    }
}
