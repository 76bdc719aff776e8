using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda.Ops;

/// <summary>
/// What serves: steps fused into kernels that read every length, slot and position from device memory, so that a whole step
/// is captured once and replayed; products of many rows on tensor cores.
/// </summary>
internal sealed partial class CudaOps(
    CudaMemory memory, ActivationArena arena, Collectives collectives, Kernels kernels, RopeFrequencies frequencies,
    CublasProducts? cublas, ActivationArena scratch)
    : CudaPrimitives(memory, arena, collectives, kernels, frequencies)
{
    /// <inheritdoc/>
    [Fused("add_norm")]
    protected override void ReduceAddNormCore(
        PartialSum sum, Tensor residual, PackedWeight norm, float epsilon, Tensor normed)
    {
        if (!residual.IsDense || !normed.IsDense)
        {
            base.ReduceAddNormCore(sum, residual, norm, epsilon, normed);
            return;
        }

        Tensor total = Addends(sum).Slice(0, 1).As(sum.Tokens, sum.Width);
        Collectives.AllReduceSum(total);
        Kernels.Launch(
            Find("rows", "add_norm"), Grid.OfRows(sum.Tokens, sum.Width),
            total.Address, residual.Address, Vector(norm), epsilon, normed.Address, sum.Width);
    }

    /// <inheritdoc/>
    [Fused("gated_*, product_*, tensor_*", When = "fewer rows than cuBLASLt takes; of every weight type")]
    protected override void MlpCore(MlpWeights weights, Tensor x, PartialSum into)
    {
        if (IsForCublas(Of(weights.GateUp), x[0]))
            base.MlpCore(weights, x, into);
        else
            RunGated(weights, x, WholeSum(into), adds: false);
    }

    /// <summary>into = network(x), or with <paramref name="adds"/> into += network(x).</summary>
    private void RunGated(MlpWeights weights, Tensor x, Tensor into, bool adds)
    {
        using ActivationArena.Scope scope = Arena.Open();
        Tensor inner = Arena.Take(ElementType.F32, x[0], weights.Down.Columns);
        MultiplyStored(Of(weights.GateUp), new Operands { X = x, Rows = x[0], Into = inner }, isGated: true);
        MultiplyStored(Of(weights.Down), new Operands { X = inner, Rows = x[0], Into = into, Adds = adds }, isGated: false);
    }

    private static CudaStepPlan Step(StepPlan plan) => plan as CudaStepPlan
        ?? throw new AcceleratorException($"a plan made by {plan.GetType().Name} was given to the cuda backend");

    private static CudaKvStore Cached(KvStore kv) => kv as CudaKvStore
        ?? throw new AcceleratorException($"caches made by {kv.GetType().Name} were given to the cuda backend");
}
