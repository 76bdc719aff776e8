using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda.Ops;

/// <summary>Element by element.</summary>
internal partial class CudaPrimitives
{
    private const string Elementwise = "elementwise";

    /// <inheritdoc/>
    protected override void SiluMulCore(Tensor gateUp, Tensor into) => Kernels.Launch(
        Find(Elementwise, "silu_mul"), Grid.OfElements(into.Count),
        gateUp.Address, Strides.OfRows(gateUp), into.Address, Strides.OfRows(into), into[1], into.Count);

    /// <inheritdoc/>
    protected override void SigmoidCore(Tensor x, Tensor into) => Map("sigmoid_all", x, into);

    /// <inheritdoc/>
    protected override void ReluCore(Tensor x, Tensor into) => Map("relu", x, into);

    /// <inheritdoc/>
    protected override void ScaleCore(Tensor x, float factor, Tensor into) => Map("scale", x, into, factor);

    /// <inheritdoc/>
    protected override void MulCore(Tensor a, Tensor b, Tensor into) => Join("mul", a, b, into);

    /// <inheritdoc/>
    protected override void AddCore(Tensor a, Tensor b, Tensor into) => Join("add", a, b, into);

    /// <inheritdoc/>
    protected override void FillCore(Tensor into, float value)
    {
        Kernels.RequireFloats("Fill", into);
        Kernels.Launch(
            Find(Elementwise, "fill"), Grid.OfElements(into.Count), into.Address, BitConverter.SingleToInt32Bits(value), into.Count);
    }

    /// <inheritdoc/>
    protected override void MaskCore(Tensor scores, Tensor keys) => Kernels.Launch(
        Find(Elementwise, "mask"), Grid.OfElements(scores.Count),
        scores.Address, Strides.OfRows(scores), keys.Address, scores[1], scores.Count);

    /// <inheritdoc/>
    protected override void CastCore(Tensor x, Tensor into) => Map(
        (x.Type, into.Type) switch
        {
            (ElementType.F32, ElementType.F32) => "copy_floats",
            (ElementType.F32, ElementType.BF16) => "floats_to_bf16",
            (ElementType.BF16, ElementType.F32) => "bf16_to_floats",
            _ => throw new ShapeException($"Cast: from {x.Type} to {into.Type} is not among the casts of this backend"),
        },
        x, into);

    /// <summary>into = f(x), rank by rank alike.</summary>
    private void Map(string name, Tensor x, Tensor into, float factor = 0)
    {
        Strides from = Strides.Of(x), to = Strides.Of(into);
        bool takesFactor = name is "sigmoid_all" or "relu" or "scale" or "copy_floats";
        ReadOnlySpan<Argument> arguments =
        [
            x.Address, from.Outer, from.Inner, into.Address, to.Outer, to.Inner, Strides.RowsWithin(x), x.Width, x.Count, factor,
        ];
        Kernels.Launch(Find(Elementwise, name), Grid.OfElements(x.Count), arguments[..(takesFactor ? 10 : 9)]);
    }

    private void Join(string name, Tensor a, Tensor b, Tensor into) => Kernels.Launch(
        Find(Elementwise, name), Grid.OfElements(into.Count),
        a.Address, Strides.OfRows(a), b.Address, b[0] == 1 ? 0 : b.Stride(0), b[1] == 1 ? 0 : 1, into.Address,
        Strides.OfRows(into), into[1], into.Count);
}
