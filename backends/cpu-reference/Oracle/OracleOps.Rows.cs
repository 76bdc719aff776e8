using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Oracle;

/// <summary>Operations that move rows or choose among elements.</summary>
public sealed partial class OracleOps
{
    /// <inheritdoc/>
    protected override void ConcatCore(Tensor a, Tensor b, Tensor into)
    {
        Floats left = new(a), right = new(b), y = new(into);
        for (long r = 0; r < y.Rows; r++)
        {
            left.Row(r).CopyTo(y.Row(r));
            right.Row(r).CopyTo(y.Row(r)[(int)left.Width..]);
        }
    }

    /// <inheritdoc/>
    protected override void TopKCore(Tensor x, Tensor into)
    {
        Floats scores = new(x);
        Ints chosen = new(into);
        for (long r = 0; r < scores.Rows; r++)
            Equations.TopK(scores.Row(r), chosen.Row(r));
    }

    /// <inheritdoc/>
    protected override void FillChoicesCore(Tensor chosen)
    {
        Ints choices = new(chosen);
        for (long r = 0; r < chosen.Rows; r++)
            Equations.FillChoices(choices.Row(r));
    }

    /// <inheritdoc/>
    protected override void ArgMaxCore(Tensor x, Tensor into)
    {
        Floats a = new(x);
        Ints best = new(into);
        for (long r = 0; r < a.Rows; r++)
        {
            float largest = float.NegativeInfinity;
            best[r] = 0;
            for (int i = 0; i < a.Width; i++)
            {
                if (a[r, i] > largest)
                    (largest, best[r]) = (a[r, i], i);
            }
        }
    }

    /// <inheritdoc/>
    protected override void GatherRowsCore(Tensor x, Tensor indices, Tensor into)
    {
        Floats a = new(x), y = new(into);
        Ints index = new(indices);
        for (long r = 0; r < indices.Count; r++)
        {
            if (index[r] < 0)
                y.Row(r).Clear();
            else
                a.Row(index[r]).CopyTo(y.Row(r));
        }
    }

    /// <inheritdoc/>
    protected override void ScatterRowsCore(Tensor x, Tensor indices, Tensor into)
    {
        Floats a = new(x), y = new(into);
        Ints index = new(indices);
        for (long r = 0; r < indices.Count; r++)
            a.Row(r).CopyTo(y.Row(index[r]));
    }

    /// <inheritdoc/>
    protected override void GatherColumnsCore(Tensor x, Tensor indices, Tensor into)
    {
        Floats a = new(x), y = new(into);
        Ints index = new(indices);
        for (long r = 0; r < y.Rows; r++)
        {
            for (long j = 0; j < y.Width; j++)
                y[r, j] = index[r, j] < 0 ? float.NaN : a[r, index[r, j]];
        }
    }

    /// <inheritdoc/>
    protected override void GroupByExpertCore(Tensor experts, Tensor tokenOf, Tensor sortedRow, Tensor offsets)
    {
        Ints expert = new(experts), token = new(tokenOf), sorted = new(sortedRow), first = new(offsets);
        long count = offsets.Count - 1, choices = experts[1];
        int row = 0;
        for (int e = 0; e < count; e++)
        {
            first[e] = row;
            for (int pair = 0; pair < experts.Count; pair++)
            {
                if (expert[pair] != e)
                    continue;
                token[row] = (int)(pair / choices);
                sorted[pair] = row++;
            }
        }

        if (row < experts.Count)
            throw new AcceleratorException($"a token goes to an expert that does not exist: the layer has {count}");
        first[count] = row;
    }
}
