using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Oracle;

/// <summary>Products with weights and between activations. A weight's row is decoded once and used for every token.</summary>
public sealed partial class OracleOps
{
    /// <inheritdoc/>
    protected override void EmbedCore(PackedWeight table, Tensor ids, Tensor into)
    {
        Ints id = new(ids);
        Floats y = new(into);
        for (long t = 0; t < ids.Count; t++)
        {
            if (id[t] < 0 || id[t] >= table.Rows)
                throw new AcceleratorException($"token {t} of the step has id {id[t]}, the embedding has {table.Rows} rows");
            Row(table, 0, id[t]).CopyTo(y.Row(t));
        }
    }

    /// <summary>y[t, n] = Σ_k x[t, k] · W[n, k].</summary>
    protected override void MatMulCore(Tensor x, PackedWeight weight, Tensor into)
    {
        Floats a = new(x), y = new(into);
        for (long n = 0; n < weight.Rows; n++)
        {
            ReadOnlySpan<float> w = Row(weight, 0, n);
            for (long t = 0; t < a.Rows; t++)
                y[t, n] = Equations.Dot(a.Row(t), w);
        }
    }

    /// <summary>y[m, n] = Σ_k a[m, k] · b[k, n], or b[n, k] when transposed.</summary>
    protected override void MatMulCore(Tensor a, Tensor b, bool transposed, Tensor into)
    {
        Floats left = new(a), right = new(b), y = new(into);
        for (long m = 0; m < y.Rows; m++)
        {
            for (long n = 0; n < y.Width; n++)
            {
                float sum = 0;
                for (long k = 0; k < left.Width; k++)
                    sum += left[m, k] * (transposed ? right[n, k] : right[k, n]);
                y[m, n] = sum;
            }
        }
    }

    /// <inheritdoc/>
    protected override void MatMulPerHeadCore(Tensor x, PackedWeight weight, Tensor into)
    {
        Floats a = new(x), y = new(into);
        for (int h = 0; h < weight.Groups; h++)
        {
            if (weight.Role == WeightRole.KeyUp)
                TimesMatrix(a, weight, h, y);
            else
                TimesTransposed(a, weight, h, y);
        }
    }

    /// <inheritdoc/>
    protected override void MatMulPerExpertCore(Tensor x, PackedWeight weight, Tensor offsets, Tensor into)
    {
        Floats a = new(x), y = new(into);
        Ints first = new(offsets);
        for (int e = 0; e < weight.Groups; e++)
        {
            for (long n = 0; n < weight.Rows && first[e] < first[e + 1]; n++)
            {
                ReadOnlySpan<float> w = Row(weight, e, n);
                for (int r = first[e]; r < first[e + 1]; r++)
                    y[r, n] = Equations.Dot(a.Row(r), w);
            }
        }
    }

    /// <summary>y[t, h, j] = Σ_i x[t, h, i] · W[h][i, j], i ascending.</summary>
    private void TimesMatrix(Floats x, PackedWeight weight, int h, Floats y)
    {
        long tokens = x.Rows / weight.Groups;
        for (long t = 0; t < tokens; t++)
            y.Row(t, h).Clear();
        for (long i = 0; i < weight.Rows; i++)
        {
            ReadOnlySpan<float> w = Row(weight, h, i);
            for (long t = 0; t < tokens; t++)
            {
                for (int j = 0; j < w.Length; j++)
                    y[t, h, j] += x[t, h, i] * w[j];
            }
        }
    }

    /// <summary>y[t, h, n] = Σ_j x[t, h, j] · W[h][n, j].</summary>
    private void TimesTransposed(Floats x, PackedWeight weight, int h, Floats y)
    {
        long tokens = x.Rows / weight.Groups;
        for (long n = 0; n < weight.Rows; n++)
        {
            ReadOnlySpan<float> w = Row(weight, h, n);
            for (long t = 0; t < tokens; t++)
                y[t, h, n] = Equations.Dot(x.Row(t, h), w);
        }
    }
}
