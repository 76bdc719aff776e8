using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Oracle;

/// <summary>Operations on single elements and on single rows.</summary>
public sealed partial class OracleOps
{
    /// <inheritdoc/>
    protected override void RmsNormCore(Tensor x, PackedWeight weight, float epsilon, Tensor into)
    {
        Floats a = new(x), y = new(into);
        for (long t = 0; t < a.Rows; t++)
            Equations.RmsNorm(a.Row(t), Vector(weight), epsilon, y.Row(t));
    }

    /// <inheritdoc/>
    protected override void LayerNormCore(
        Tensor x, PackedWeight weight, PackedWeight bias, float epsilon, Tensor into)
    {
        Floats a = new(x), y = new(into);
        for (long t = 0; t < a.Rows; t++)
            Equations.LayerNorm(a.Row(t), Vector(weight), Vector(bias), epsilon, y.Row(t));
    }

    /// <inheritdoc/>
    protected override void RopeCore(Tensor x, Tensor positions, float theta, bool interleaved)
    {
        Floats a = new(x);
        Ints p = new(positions);
        for (long t = 0; t < x[0]; t++)
        {
            for (long h = 0; h < x[1]; h++)
                Equations.Rotate(a.Row(t, h), p[t], theta, interleaved);
        }
    }

    /// <summary>y[t, i] = silu(x[t, i]) · x[t, width + i].</summary>
    protected override void SiluMulCore(Tensor gateUp, Tensor into)
    {
        Floats x = new(gateUp), y = new(into);
        for (long t = 0; t < y.Rows; t++)
        {
            for (long i = 0; i < y.Width; i++)
                y[t, i] = Equations.Silu(x[t, i]) * x[t, y.Width + i];
        }
    }

    /// <inheritdoc/>
    protected override void SigmoidCore(Tensor x, Tensor into)
    {
        Floats a = new(x), y = new(into);
        for (long r = 0; r < a.Rows; r++)
        {
            for (int i = 0; i < a.Width; i++)
                y.Row(r)[i] = Equations.Sigmoid(a.Row(r)[i]);
        }
    }

    /// <inheritdoc/>
    protected override void ReluCore(Tensor x, Tensor into)
    {
        Floats a = new(x), y = new(into);
        for (long r = 0; r < a.Rows; r++)
        {
            for (int i = 0; i < a.Width; i++)
                y.Row(r)[i] = MathF.Max(a.Row(r)[i], 0);
        }
    }

    /// <inheritdoc/>
    protected override void ScaleCore(Tensor x, float factor, Tensor into)
    {
        Floats a = new(x), y = new(into);
        for (long r = 0; r < a.Rows; r++)
        {
            for (int i = 0; i < a.Width; i++)
                y.Row(r)[i] = factor * a.Row(r)[i];
        }
    }

    /// <inheritdoc/>
    protected override void SoftmaxCore(Tensor x, float scale)
    {
        Floats a = new(x);
        for (long r = 0; r < a.Rows; r++)
            Equations.Softmax(a.Row(r), scale);
    }

    /// <inheritdoc/>
    protected override void MulCore(Tensor a, Tensor b, Tensor into)
    {
        Floats x = new(a), f = new(b), y = new(into);
        for (long t = 0; t < x.Rows; t++)
        {
            for (long i = 0; i < x.Width; i++)
                y[t, i] = x[t, i] * f[f.Rows == 1 ? 0 : t, f.Width == 1 ? 0 : i];
        }
    }

    /// <inheritdoc/>
    protected override void AddCore(Tensor a, Tensor b, Tensor into)
    {
        Floats x = new(a), f = new(b), y = new(into);
        for (long t = 0; t < x.Rows; t++)
        {
            for (long i = 0; i < x.Width; i++)
                y[t, i] = x[t, i] + f[f.Rows == 1 ? 0 : t, f.Width == 1 ? 0 : i];
        }
    }

    /// <inheritdoc/>
    protected override void FillCore(Tensor into, float value)
    {
        Floats y = new(into);
        for (long r = 0; r < y.Rows; r++)
            y.Row(r).Fill(value);
    }

    /// <summary>x[t, i] becomes x[t, i] / (Σ_i x[t, i] + ε) · factor.</summary>
    protected override void NormalizeRowsCore(Tensor x, float epsilon, float factor)
    {
        Floats a = new(x);
        for (long t = 0; t < a.Rows; t++)
        {
            float sum = 0;
            for (long i = 0; i < a.Width; i++)
                sum += a[t, i];
            for (long i = 0; i < a.Width; i++)
                a[t, i] = a[t, i] / (sum + epsilon) * factor;
        }
    }

    /// <inheritdoc/>
    protected override void MaskCore(Tensor scores, Tensor keys)
    {
        Floats x = new(scores);
        Ints key = new(keys);
        for (long r = 0; r < x.Rows; r++)
        {
            for (long j = 0; j < x.Width; j++)
            {
                if (key[j] < 0)
                    x[r, j] = float.NegativeInfinity;
            }
        }
    }

    /// <inheritdoc/>
    protected override void ReduceSumCore(Tensor x, Tensor into)
    {
        Floats a = new(x), y = new(into);
        for (long r = 0; r < x[0]; r++)
        {
            for (long i = 0; i < x[2]; i++)
            {
                float sum = 0;
                for (long h = 0; h < x[1]; h++)
                    sum += a[r, h, i];
                y[r, i] = sum;
            }
        }
    }
}
