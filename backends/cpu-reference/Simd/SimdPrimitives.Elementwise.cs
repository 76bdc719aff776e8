using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>Operations on single elements.</summary>
internal unsafe partial class SimdPrimitives
{
    /// <inheritdoc/>
    protected override void SiluMulCore(Tensor gateUp, Tensor into)
    {
        FloatRows y = new(into), gate = new(gateUp.Columns(0, y.Width)), up = new(gateUp.Columns(y.Width, y.Width));
        Map(new Elementwise.SiluTimes(), gate, up, y);
    }

    /// <inheritdoc/>
    protected override void SigmoidCore(Tensor x, Tensor into) => Map(new Elementwise.Sigmoid(), x, into);

    /// <inheritdoc/>
    protected override void ReluCore(Tensor x, Tensor into) => Map(new Elementwise.Rectified(), x, into);

    /// <inheritdoc/>
    protected override void ScaleCore(Tensor x, float factor, Tensor into) => Map(new Elementwise.Times(factor), x, into);

    /// <inheritdoc/>
    protected override void MulCore(Tensor a, Tensor b, Tensor into)
    {
        FloatRows x = new(a), z = new(b), y = new(into);
        if (z.Width == x.Width)
        {
            Map(new Elementwise.Product(), x, z, y);
            return;
        }

        for (long r = 0; r < x.Count; r++)
            Elementwise.Map(new Elementwise.Times(z[z.Count == 1 ? 0 : r][0]), x[r], x[r], y[r], x.Width);
    }

    /// <inheritdoc/>
    protected override void AddCore(Tensor a, Tensor b, Tensor into)
    {
        FloatRows x = new(a), z = new(b), y = new(into);
        if (z.Width == x.Width)
        {
            Map(new Elementwise.Sum(), x, z, y);
            return;
        }

        for (long r = 0; r < x.Count; r++)
            Elementwise.Map(new Elementwise.Plus(z[z.Count == 1 ? 0 : r][0]), x[r], x[r], y[r], x.Width);
    }

    /// <inheritdoc/>
    protected override void FillCore(Tensor into, float value)
    {
        FloatRows y = new(into);
        for (long r = 0; r < y.Count; r++)
            new Span<float>(y[r], (int)y.Width).Fill(value);
    }

    private void Map<TFunction>(TFunction f, Tensor x, Tensor into)
        where TFunction : struct, Elementwise.IFunction
    {
        FloatRows rows = new(x);
        Map(f, rows, rows, new FloatRows(into));
    }

    private void Map<TFunction>(TFunction f, FloatRows x, FloatRows z, FloatRows y)
        where TFunction : struct, Elementwise.IFunction =>
        ForRows(new MapRow<TFunction>(f, x, z, y), y.Count, y.Width);

    /// <summary>y[r] = f(x[r], z[r]); a z of one row serves all.</summary>
    private readonly struct MapRow<TFunction>(TFunction f, FloatRows x, FloatRows z, FloatRows y) : IRowKernel
        where TFunction : struct, Elementwise.IFunction
    {
        public void Run(long row) => Elementwise.Map(f, x[row], z[z.Count == 1 ? 0 : row], y[row], y.Width);
    }
}
