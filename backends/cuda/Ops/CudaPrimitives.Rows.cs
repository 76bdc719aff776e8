using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda.Ops;

/// <summary>Row by row.</summary>
internal partial class CudaPrimitives
{
    private const string Rows = "rows";

    /// <inheritdoc/>
    protected override void RmsNormCore(Tensor x, PackedWeight weight, float epsilon, Tensor into) => Kernels.Launch(
        Find(Rows, "rms_norm"), Grid.OfRows(x[0], x[1]),
        x.Address, Strides.OfRows(x), Vector(weight), epsilon, into.Address, Strides.OfRows(into), x[1]);

    /// <inheritdoc/>
    protected override void LayerNormCore(Tensor x, PackedWeight weight, PackedWeight bias, float epsilon, Tensor into) =>
        Kernels.Launch(
            Find(Rows, "layer_norm"), Grid.OfRows(x[0], x[1]),
            x.Address, Strides.OfRows(x), Vector(weight), Vector(bias), epsilon, into.Address, Strides.OfRows(into), x[1]);

    /// <inheritdoc/>
    protected override void RopeCore(Tensor x, Tensor positions, float theta, bool interleaved)
    {
        long pairs = x[2] / 2, count = x[0] * x[1] * pairs;
        Kernels.Launch(
            Find(Rows, "rope"), Grid.OfElements(count),
            x.Address, x.Stride(0), x.Stride(1), positions.Address, Frequencies.Of(theta, (int)x[2]), x[1], pairs, interleaved,
            count);
    }

    /// <inheritdoc/>
    protected override void SoftmaxCore(Tensor x, float scale) => Kernels.Launch(
        Find(Rows, "softmax"), Grid.OfRows(x[0], x[1]), x.Address, Strides.OfRows(x), scale, x[1]);

    /// <inheritdoc/>
    protected override void NormalizeRowsCore(Tensor x, float epsilon, float factor) => Kernels.Launch(
        Find(Rows, "normalize_rows"), Grid.OfElements(x[0]), x.Address, Strides.OfRows(x), epsilon, factor, x[1], x[0]);

    /// <inheritdoc/>
    protected override void ReduceSumCore(Tensor x, Tensor into) => Kernels.Launch(
        Find(Rows, "reduce_sum"), Grid.OfElements(into.Count),
        x.Address, x.Stride(0), x.Stride(1), x[1], into.Address, Strides.OfRows(into), into[1], into.Count);

    /// <inheritdoc/>
    protected override void ConcatCore(Tensor a, Tensor b, Tensor into)
    {
        CastCore(a, into.Columns(0, a[1]));
        CastCore(b, into.Columns(a[1], b[1]));
    }

    /// <inheritdoc/>
    protected override void GatherRowsCore(Tensor x, Tensor indices, Tensor into) => Kernels.Launch(
        Find(Rows, "gather_rows"), Grid.OfRows(indices.Count, into[1]),
        x.Address, Strides.OfRows(x), indices.Address, into.Address, Strides.OfRows(into), into[1]);

    /// <inheritdoc/>
    protected override void ScatterRowsCore(Tensor x, Tensor indices, Tensor into) => Kernels.Launch(
        Find(Rows, "scatter_rows"), Grid.OfRows(indices.Count, into[1]),
        x.Address, Strides.OfRows(x), indices.Address, into.Address, Strides.OfRows(into), into[1]);

    /// <inheritdoc/>
    protected override void GatherColumnsCore(Tensor x, Tensor indices, Tensor into) => Kernels.Launch(
        Find(Rows, "gather_columns"), Grid.OfElements(into.Count),
        x.Address, Strides.OfRows(x), indices.Address, into.Address, into[1], into.Count);

    /// <inheritdoc/>
    protected override void QuantizeCore(Tensor x, Tensor codes, Tensor scales) => Kernels.Launch(
        Find(Rows, "quantize"), new Grid(x[0], (int)scales[1], 1, 32),
        x.Address, Strides.OfRows(x), codes.Address, Strides.OfRows(codes), scales.Address, Strides.OfRows(scales), x[1]);
}
