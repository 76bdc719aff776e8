using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>Products with weights and between activations.</summary>
internal unsafe partial class SimdPrimitives
{
    /// <inheritdoc/>
    protected override void MatMulCore(Tensor x, PackedWeight weight, Tensor into) => throw new NotImplementedException();

    /// <inheritdoc/>
    protected override void MatMulCore(Tensor a, Tensor b, bool transposed, Tensor into) => throw new NotImplementedException();

    /// <inheritdoc/>
    protected override void MatMulPerHeadCore(Tensor x, PackedWeight weight, Tensor into) => throw new NotImplementedException();

    /// <inheritdoc/>
    protected override void MatMulPerExpertCore(Tensor x, PackedWeight weight, Tensor offsets, Tensor into) =>
        throw new NotImplementedException();
}
