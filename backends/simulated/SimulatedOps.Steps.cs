using Glm5.Core.Accelerator;

namespace Glm5.Backends.Simulated;

/// <summary>
/// The steps of a layer as the kernels that a well-fused implementation launches, each with the bytes that it must move and
/// the operations that it must do. Experts are met as if tokens chose them evenly and independently.
/// </summary>
internal sealed partial class SimulatedOps
{
    /// <inheritdoc/>
    protected override MlaQuery MlaPrologueCore(AttentionWeights weights, Tensor x, StepPlan plan, KvStore kv)
    {
        AttentionDims d = weights.Dims;
        long count = x[0];
        Tensor latent = Arena.Take(x.Type, count, d.QueryLatent);
        Tensor absorbed = Arena.Take(x.Type, count, d.Heads, d.Latent);
        Tensor rotated = Arena.Take(x.Type, count, d.Heads, d.Rope);

        Product(KernelKind.AttentionProducts, count, weights.QueryDown, weights.LatentDown);
        // Both norms, the rotated key and the cache row.
        clock.Kernel(
            KernelKind.Elementwise,
            count * ((2 * ActivationBytes * (d.QueryLatent + d.Latent + d.Rope)) + ((SimulatedKvStore)kv).LatentRowBytes));
        Product(KernelKind.AttentionProducts, count, weights.QueryUp);
        ProductPerHead(count, weights.KeyUp);
        Move(rotated, rotated);
        return new MlaQuery { Latent = latent, Absorbed = absorbed, Rope = rotated };
    }

    /// <inheritdoc/>
    protected override void SelectTokensCore(
        AttentionWeights weights, IndexerWeights indexer, Tensor x, Tensor latent, StepPlan plan, KvStore kv,
        Selection selection)
    {
        IndexerDims d = indexer.Dims;
        var step = (SimulatedStepPlan)plan;
        step.Count(d.TopK);
        double count = x[0], keyBytes = ((SimulatedKvStore)kv).IndexRowBytes;
        Product(KernelKind.Indexer, x[0], indexer.Key, indexer.HeadWeights);
        // Norm, rotation and the cache row.
        clock.Kernel(KernelKind.Indexer, count * ((ActivationBytes * d.Width) + keyBytes));
        if (selection.IsEverything)
            return;

        bool isEightBit = kv.Spec.Format == KvFormat.FP8;
        double queryWidth = (double)d.Heads * d.Width, codeBytes = isEightBit ? 1 : ActivationBytes;
        Product(KernelKind.Indexer, x[0], indexer.QueryUp);
        // Rotation and rounding.
        clock.Kernel(KernelKind.Indexer, count * queryWidth * (ActivationBytes + codeBytes));
        double bytes = (step.CachedRows * keyBytes) + (count * queryWidth * codeBytes) + (step.SeenPairs * sizeof(float));
        double flops = 2 * queryWidth * step.SeenPairs;
        if (isEightBit)
            clock.EightBitKernel(KernelKind.Indexer, bytes, flops);
        else
            clock.Kernel(KernelKind.Indexer, bytes, flops);
        // Top-k.
        clock.Kernel(KernelKind.Indexer, (step.SeenPairs * sizeof(float)) + (count * d.TopK * sizeof(int)));
    }

    /// <inheritdoc/>
    protected override Tensor SparseAttendCore(
        AttentionWeights weights, in MlaQuery query, StepPlan plan, KvStore kv, Selection selection)
    {
        AttentionDims d = weights.Dims;
        var step = (SimulatedStepPlan)plan;
        Tensor attended = Arena.Take(query.Absorbed.Type, query.Absorbed[0], d.Heads, d.Latent);
        double activations = BytesOf(query.Absorbed) + BytesOf(query.Rope) + BytesOf(attended);
        clock.Kernel(
            KernelKind.Attend,
            (step.AttendedRows * ((SimulatedKvStore)kv).LatentRowBytes) + activations,
            2.0 * d.Heads * ((2 * d.Latent) + d.Rope) * step.AttendedPairs);
        // What is split over a context is put together again.
        Move(attended, attended);
        return attended;
    }

    /// <inheritdoc/>
    protected override void MlaEpilogueCore(AttentionWeights weights, Tensor attended, PartialSum into)
    {
        ProductPerHead(attended[0], weights.ValueUp);
        Product(KernelKind.AttentionProducts, attended[0], weights.Output);
    }

    /// <inheritdoc/>
    protected override Routes RouteCore(MoeWeights weights, Tensor x)
    {
        Tensor experts = Arena.Take(ElementType.I32, x[0], weights.ExpertsPerToken);
        Tensor chosen = Arena.Take(ElementType.F32, x[0], weights.ExpertsPerToken);
        Product(KernelKind.Experts, x[0], weights.Router);
        clock.Kernel(KernelKind.Experts, x[0] * weights.Router.Rows * sizeof(float));
        return new Routes(experts, chosen);
    }

    /// <inheritdoc/>
    protected override void ReduceAddNormCore(
        PartialSum sum, Tensor residual, PackedWeight norm, float epsilon, Tensor normed)
    {
        Collectives.AllReduceSum(Addends(sum).Slice(0, 1).As(sum.Tokens, sum.Width));
        // One kernel: sum and residual in, residual and norm out.
        clock.Kernel(KernelKind.Elementwise, 4 * BytesOf(residual));
    }
}
