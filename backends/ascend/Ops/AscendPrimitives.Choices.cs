using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>
/// Choosing among elements. Order comes from stable sorts, because no operator promises which of equals it takes; indices
/// travel as F32, exact to 2^24, because sorting those is what vector cores are fast at.
/// </summary>
internal partial class AscendPrimitives
{
    /// <inheritdoc/>
    protected override void TopKCore(Tensor x, Tensor into)
    {
        using ActivationArena.Scope scope = OpenScratch();
        long rows = x[0], count = Math.Min(into[1], x[1]);
        (View values, View indices) = Kernels.Sort(WithoutNaN(View.Of(x)), descending: true);
        View best = Kernels.Temporary(AclDataType.Float, rows, count);
        Kernels.Cast(indices.Part(1, 0, count), best);
        Kernels.FillWhere(best, Kernels.IsEqual(values.Part(1, 0, count), float.NegativeInfinity), float.PositiveInfinity);
        View chosen = View.Of(into);
        if (count < into[1])
            Kernels.Fill(chosen, -1);
        PadBehind(best, chosen.Part(1, 0, count));
    }

    /// <inheritdoc/>
    protected override void ArgMaxCore(Tensor x, Tensor into)
    {
        using ActivationArena.Scope scope = OpenScratch();
        long rows = x[0], width = x[1];
        View values = WithoutNaN(View.Of(x)), best = Kernels.Temporary(AclDataType.Float, rows, 1);
        Kernels.Largest(values, best);
        View isBest = Kernels.Temporary(AclDataType.Bool, rows, width);
        Kernels.AreEqual(values, best, isBest);

        // The lowest index among the best is the largest of the negated ones; values are not needed any more.
        View negated = Kernels.Temporary(AclDataType.Float, 1, width), none = Kernels.Temporary(AclDataType.Float, 1, 1);
        Kernels.Multiply(Counting(width).As(1, width), -1, negated);
        Kernels.Fill(none, float.NegativeInfinity);
        Kernels.Where(isBest, negated, none, values);
        Kernels.Largest(values, best);
        Kernels.Multiply(best, -1, best);
        Kernels.Cast(best.As(rows), View.Of(into));
    }

    /// <summary>
    /// The j-th −1 of a row takes the j-th number below k that the row lacks. Both are counted by running sums, and
    /// matched by comparing every place with every number.
    /// </summary>
    protected override void FillChoicesCore(Tensor chosen)
    {
        using ActivationArena.Scope scope = OpenScratch();
        long rows = chosen[0], k = chosen[1];
        View choices = Kernels.Temporary(AclDataType.Float, rows, k), numbers = Counting(k).As(1, 1, k);
        Kernels.Cast(View.Of(chosen), choices);
        View isOpen = Kernels.IsBelow(choices, 0);
        View places = RunningCount(isOpen, rows, k).WithOneAt(2);

        View taken = Kernels.Temporary(AclDataType.Float, rows, k);
        Kernels.Sum(AsFloats(Matches(choices.WithOneAt(2), numbers, rows, k), rows, k, k), 1, taken);
        View isLacking = Kernels.IsEqual(taken, 0);
        View lacking = RunningCount(isLacking, rows, k).WithOneAt(1);

        View offered = AsFloats(Matches(places, lacking, rows, k), rows, k, k);
        View lacks = Kernels.Temporary(AclDataType.Float, rows, k);
        Kernels.Cast(isLacking, lacks);
        Kernels.Multiply(offered, lacks.WithOneAt(1), offered);
        Kernels.Multiply(offered, numbers, offered);
        View filled = Kernels.Temporary(AclDataType.Float, rows, k), result = Kernels.Temporary(AclDataType.Float, rows, k);
        Kernels.Sum(offered, 2, filled);
        Kernels.Where(isOpen, filled, choices, result);
        Kernels.Cast(result, View.Of(chosen));
    }

    /// <inheritdoc/>
    protected override void GroupByExpertCore(Tensor experts, Tensor tokenOf, Tensor sortedRow, Tensor offsets)
    {
        using ActivationArena.Scope scope = OpenScratch();
        long pairs = experts.Count, count = offsets.Count - 1;
        View ids = Kernels.Temporary(AclDataType.Float, pairs);
        Kernels.Cast(Kernels.DenseAs(View.Of(experts), AclDataType.Int32).As(pairs), ids);
        (_, View order) = Kernels.Sort(ids, descending: false);
        View tokens = Kernels.Temporary(AclDataType.Float, experts[0], experts[1]), inOrder = Kernels.Temporary(AclDataType.Float, pairs, 1);
        Kernels.Copy(Counting(experts[0]).As(experts[0], 1), tokens);
        Kernels.GatherRows(tokens.As(pairs, 1), order, inOrder);
        Kernels.Cast(inOrder.As(pairs), View.Of(tokenOf));

        // Sorting a permutation gives its inverse.
        View orderF = Kernels.Temporary(AclDataType.Float, pairs);
        Kernels.Cast(order, orderF);
        (_, View inverse) = Kernels.Sort(orderF, descending: false);
        Kernels.Cast(inverse, View.Of(sortedRow));

        View isOf = Kernels.Temporary(AclDataType.Bool, pairs, count), ofF = Kernels.Temporary(AclDataType.Float, pairs, count);
        Kernels.AreEqual(ids.As(pairs, 1), Counting(count).As(1, count), isOf);
        Kernels.Cast(isOf, ofF);
        View counts = Kernels.Temporary(AclDataType.Float, count), ends = Kernels.Temporary(AclDataType.Float, count);
        Kernels.Sum(ofF, 0, counts);
        Kernels.RunningSum(counts, 0, ends);
        View bounds = View.Of(offsets);
        Kernels.Fill(bounds.Part(0, 0, 1), 0);
        Kernels.Cast(ends, bounds.Part(0, 1, count));
    }

    /// <summary>Positions [rows, k] I32, -1 among them, in ascending order with those at the end.</summary>
    protected void Ascending(in View positions, in View into)
    {
        using ActivationArena.Scope scope = OpenScratch();
        View numbers = Kernels.TemporaryLike(positions, AclDataType.Float);
        Kernels.Cast(positions, numbers);
        Kernels.FillWhere(numbers, Kernels.IsBelow(numbers, 0), float.PositiveInfinity);
        PadBehind(numbers, into);
    }

    /// <summary>Sorts rows of F32 indices in which +inf stands for none, and writes those as -1.</summary>
    private void PadBehind(in View numbers, in View into)
    {
        (View ascending, _) = Kernels.Sort(numbers, descending: false);
        Kernels.FillWhere(ascending, Kernels.IsEqual(ascending, float.PositiveInfinity), -1);
        Kernels.Cast(ascending, into);
    }

    /// <summary>A copy in which what is no number is −inf, and so never chosen.</summary>
    private View WithoutNaN(in View x)
    {
        View copy = Kernels.TemporaryLike(x, AclDataType.Float);
        Kernels.Copy(x, copy);
        Kernels.FillWhere(copy, Kernels.IsNaN(copy), float.NegativeInfinity);
        return copy;
    }

    /// <summary>[rows, k, k] bool: a [rows, k, 1] equals b [rows or 1, 1, k].</summary>
    private View Matches(in View a, in View b, long rows, long k)
    {
        View into = Kernels.Temporary(AclDataType.Bool, rows, k, k);
        Kernels.AreEqual(a, b, into);
        return into;
    }

    /// <summary>How many of a row's bools were true up to each place, [rows, k] F32.</summary>
    private View RunningCount(in View flags, long rows, long k)
    {
        View into = Kernels.Temporary(AclDataType.Float, rows, k);
        Kernels.RunningSum(AsFloats(flags, rows, k, -1), 1, into);
        return into;
    }

    private View AsFloats(in View flags, long d0, long d1, long d2)
    {
        View into = Kernels.Temporary(AclDataType.Float, d0, d1, d2);
        Kernels.Cast(flags, into);
        return into;
    }
}
