using Glm5.Core.Accelerator;

namespace Glm5.Backends.Simulated;

/// <summary>
/// Operations that compute nothing and cost what they would: primitives by the shapes of their tensors. Activations count
/// as BF16, products on FP8 weights as eight-bit.
/// </summary>
internal sealed partial class SimulatedOps(
    DeviceMemory memory, ActivationArena arena, Collectives collectives, KernelClock clock, TokenSource tokens)
    : BlockOps(memory, arena, collectives)
{
    private const double ActivationBytes = 2;

    /// <inheritdoc/>
    /// <remarks>Every pass of the model or of the draft layer begins here, and with it the count of its tokens.</remarks>
    protected override void EmbedCore(PackedWeight table, Tensor ids, Tensor into)
    {
        _passRows = NotCounted;
        clock.Kernel(KernelKind.Vocabulary, 2 * BytesOf(into));
    }

    /// <inheritdoc/>
    protected override void MatMulCore(Tensor x, PackedWeight weight, Tensor into) =>
        Product(KindOf(weight), x[0], weight);

    /// <inheritdoc/>
    protected override void MatMulCore(Tensor a, Tensor b, bool transposed, Tensor into) => clock.Kernel(
        KernelKind.Attend, BytesOf(a) + BytesOf(b) + BytesOf(into), 2.0 * a[0] * a[1] * into[1]);

    /// <inheritdoc/>
    protected override void MatMulPerHeadCore(Tensor x, PackedWeight weight, Tensor into) =>
        ProductPerHead(x[0], weight);

    /// <inheritdoc/>
    protected override void MatMulPerExpertCore(Tensor x, PackedWeight weight, Tensor offsets, Tensor into) =>
        ProductPerExpert(weight, x[0], weight.Groups);

    /// <inheritdoc/>
    protected override void RmsNormCore(Tensor x, PackedWeight weight, float epsilon, Tensor into) => Move(x, into);

    /// <inheritdoc/>
    protected override void LayerNormCore(Tensor x, PackedWeight weight, PackedWeight bias, float epsilon, Tensor into) =>
        Move(x, into);

    /// <inheritdoc/>
    protected override void RopeCore(Tensor x, Tensor positions, float theta, bool interleaved) => Move(x, x);

    /// <inheritdoc/>
    protected override void SiluMulCore(Tensor gateUp, Tensor into) => Move(gateUp, into);

    /// <inheritdoc/>
    protected override void SigmoidCore(Tensor x, Tensor into) => Move(x, into);

    /// <inheritdoc/>
    protected override void ReluCore(Tensor x, Tensor into) => Move(x, into);

    /// <inheritdoc/>
    protected override void SoftmaxCore(Tensor x, float scale) => Move(x, x);

    /// <inheritdoc/>
    protected override void MulCore(Tensor a, Tensor b, Tensor into) => Move(a, b, into);

    /// <inheritdoc/>
    protected override void AddCore(Tensor a, Tensor b, Tensor into) => Move(a, b, into);

    /// <inheritdoc/>
    protected override void ScaleCore(Tensor x, float factor, Tensor into) => Move(x, into);

    /// <inheritdoc/>
    protected override void FillCore(Tensor into, float value) => clock.Kernel(KernelKind.Elementwise, BytesOf(into));

    /// <inheritdoc/>
    protected override void NormalizeRowsCore(Tensor x, float epsilon, float factor) => Move(x, x);

    /// <inheritdoc/>
    protected override void MaskCore(Tensor scores, Tensor keys) => Move(scores, scores);

    /// <inheritdoc/>
    protected override void ReduceSumCore(Tensor x, Tensor into) => Move(x, into);

    /// <inheritdoc/>
    protected override void ConcatCore(Tensor a, Tensor b, Tensor into) => Move(a, b, into);

    /// <inheritdoc/>
    protected override void TopKCore(Tensor x, Tensor into) => Move(x, into);

    /// <inheritdoc/>
    protected override void FillChoicesCore(Tensor chosen) => Move(chosen, chosen);

    /// <inheritdoc/>
    protected override void ArgMaxCore(Tensor x, Tensor into) => clock.Kernel(KernelKind.Vocabulary, BytesOf(x));

    /// <inheritdoc/>
    protected override void GatherRowsCore(Tensor x, Tensor indices, Tensor into) => Move(into, into);

    /// <inheritdoc/>
    protected override void ScatterRowsCore(Tensor x, Tensor indices, Tensor into) => Move(x, x);

    /// <inheritdoc/>
    protected override void GatherColumnsCore(Tensor x, Tensor indices, Tensor into) => Move(into, into);

    /// <inheritdoc/>
    protected override void GroupByExpertCore(Tensor experts, Tensor tokenOf, Tensor sortedRow, Tensor offsets) =>
        Move(experts, tokenOf, sortedRow);

    /// <inheritdoc/>
    protected override void QuantizeCore(Tensor x, Tensor codes, Tensor scales) => Move(x, codes);

    /// <inheritdoc/>
    protected override void CastCore(Tensor x, Tensor into) => Move(x, into);

    private void Move(Tensor x, Tensor into) => clock.Kernel(KernelKind.Elementwise, BytesOf(x) + BytesOf(into));

    private void Move(Tensor a, Tensor b, Tensor into) =>
        clock.Kernel(KernelKind.Elementwise, BytesOf(a) + BytesOf(b) + BytesOf(into));

    /// <summary>rows activations through a whole weight.</summary>
    private void Product(KernelKind kind, long rows, PackedWeight weight) => ProductOf(
        kind, rows, weight.Rows, weight.Columns, weight.DeviceBytes, ((SimulatedWeight)weight).IsEightBit);

    /// <summary>The same activations through two weights by one kernel.</summary>
    private void Product(KernelKind kind, long rows, PackedWeight first, PackedWeight second) => ProductOf(
        kind, rows, first.Rows + second.Rows, first.Columns, first.DeviceBytes + second.DeviceBytes,
        ((SimulatedWeight)first).IsEightBit && ((SimulatedWeight)second).IsEightBit);

    private void ProductPerHead(long rows, PackedWeight weight) => ProductOf(
        KernelKind.AttentionProducts, rows * weight.Groups, weight.Rows, weight.Columns, weight.DeviceBytes, isEightBit: false);

    /// <summary>rows activations, each through the weight of its expert; only weights of experts that are met are read.</summary>
    private void ProductPerExpert(PackedWeight weight, double rows, double met) => ProductOf(
        KernelKind.Experts, rows, weight.Rows, weight.Columns, met * ((SimulatedWeight)weight).BytesPerGroup,
        ((SimulatedWeight)weight).IsEightBit);

    private void ProductOf(
        KernelKind kind, double rows, double outputs, double inputs, double weightBytes, bool isEightBit)
    {
        double inputBytes = isEightBit ? 1 : ActivationBytes;
        double bytes = weightBytes + (rows * ((inputs * inputBytes) + (outputs * ActivationBytes)));
        double flops = 2 * rows * outputs * inputs;
        if (isEightBit)
            clock.EightBitKernel(kind, bytes, flops);
        else
            clock.Kernel(kind, bytes, flops);
    }

    private static KernelKind KindOf(PackedWeight weight) => weight.Role switch
    {
        WeightRole.Head or WeightRole.Embedding or WeightRole.Linear => KernelKind.Vocabulary,
        WeightRole.Router => KernelKind.Experts,
        _ => KernelKind.Dense,
    };

    private static double BytesOf(Tensor tensor) =>
        tensor.Count * (tensor.Type == ElementType.F32 ? ActivationBytes : tensor.Type.Bytes());
}
