using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>Operations that need a whole row: norms, softmax, rotation.</summary>
internal unsafe partial class SimdPrimitives
{
    private readonly RopeTable _rope = new();

    /// <inheritdoc/>
    protected override void RmsNormCore(Tensor x, PackedWeight weight, float epsilon, Tensor into) =>
        ForRows(new RmsNormRow(new FloatRows(x), Vector(weight), epsilon, new FloatRows(into)), x.Rows, x.Width);

    /// <inheritdoc/>
    protected override void LayerNormCore(Tensor x, PackedWeight weight, PackedWeight bias, float epsilon, Tensor into) =>
        ForRows(
            new LayerNormRow(new FloatRows(x), Vector(weight), Vector(bias), epsilon, new FloatRows(into)), x.Rows, x.Width);

    /// <inheritdoc/>
    protected override void SoftmaxCore(Tensor x, float scale) =>
        ForRows(new SoftmaxRow(new FloatRows(x), scale), x.Rows, x.Width);

    /// <inheritdoc/>
    protected override void NormalizeRowsCore(Tensor x, float epsilon, float factor)
    {
        FloatRows rows = new(x);
        for (long r = 0; r < rows.Count; r++)
        {
            float sum = Reductions.Sum(rows[r], rows.Width) + epsilon;
            Elementwise.Map(new Elementwise.Quotient(sum, factor), rows[r], rows[r], rows[r], rows.Width);
        }
    }

    /// <inheritdoc/>
    protected override void RopeCore(Tensor x, Tensor positions, float theta, bool interleaved)
    {
        FloatRows rows = new(x);
        int* position = new IntRows(positions)[0];
        for (long t = 0; t < x[0]; t++)
        {
            _rope.Turn(position[t], theta, (int)rows.Width);
            for (long h = 0; h < x[1]; h++)
                _rope.Rotate(rows.At(t, h), interleaved);
        }
    }

    /// <summary>y = w · (x · rsqrt(mean(x²) + ε)).</summary>
    internal static void RmsNorm(float* x, float* w, float epsilon, float* y, long width)
    {
        float r = 1 / MathF.Sqrt((Dot.Product(x, x, width) / width) + epsilon);
        Elementwise.Map(new Elementwise.Weighted(r), x, w, y, width);
    }

    private readonly struct RmsNormRow(FloatRows x, float* w, float epsilon, FloatRows y) : IRowKernel
    {
        private readonly float* _w = w;

        public void Run(long row) => RmsNorm(x[row], _w, epsilon, y[row], x.Width);
    }

    /// <summary>y = (x − mean) · rsqrt(var + ε) · w + b, the variance from the centred row.</summary>
    private readonly struct LayerNormRow(FloatRows x, float* w, float* b, float epsilon, FloatRows y) : IRowKernel
    {
        private readonly float* _w = w, _b = b;

        public void Run(long row)
        {
            float* from = x[row], to = y[row];
            float mean = Reductions.Sum(from, x.Width) / x.Width;
            Elementwise.Map(new Elementwise.Plus(-mean), from, from, to, x.Width);
            float r = 1 / MathF.Sqrt((Dot.Product(to, to, x.Width) / x.Width) + epsilon);
            Elementwise.Map(new Elementwise.Weighted(r), to, _w, to, x.Width);
            Elementwise.Map(new Elementwise.Sum(), to, _b, to, x.Width);
        }
    }

    /// <summary>e^(scale · x − max) over its sum; zeros where every x is −∞.</summary>
    private readonly struct SoftmaxRow(FloatRows x, float scale) : IRowKernel
    {
        public void Run(long row)
        {
            float* values = x[row];
            float max = scale * Reductions.Max(values, x.Width);
            if (float.IsNegativeInfinity(max))
            {
                new Span<float>(values, (int)x.Width).Clear();
                return;
            }

            Elementwise.Map(new Elementwise.Exponential(scale, max), values, values, values, x.Width);
            float sum = Reductions.Sum(values, x.Width);
            Elementwise.Map(new Elementwise.Quotient(sum, 1), values, values, values, x.Width);
        }
    }
}
