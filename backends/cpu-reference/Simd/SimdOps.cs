using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>
/// What <c>--device cpu</c> runs: steps and blocks fused over the vector kernels. What is not overridden here is the
/// contract's default body over <see cref="SimdPrimitives"/>.
/// </summary>
internal sealed unsafe partial class SimdOps(
    DeviceMemory memory, ActivationArena arena, CpuCollectives ranks, WorkerTeam team)
    : SimdPrimitives(memory, arena, ranks, team)
{
    /// <inheritdoc/>
    protected override int AddendsPerRank => RowParallelChunks.PerRank(Ranks.Size);

    /// <summary>One pass over each token's row: all ranks' addends in the order of their chunks, residual, norm.</summary>
    [Fused("reduce rows")]
    protected override void ReduceAddNormCore(
        PartialSum sum, Tensor residual, PackedWeight norm, float epsilon, Tensor normed)
    {
        Published* peers = stackalloc Published[RowParallelChunks.Count];
        Ranks.Publish(Addends(sum)).CopyTo(new Span<Published>(peers, RowParallelChunks.Count));
        var kernel = new ReduceRow(
            peers, AddendsPerRank, sum.Width, new FloatRows(residual), Vector(norm), epsilon, new FloatRows(normed));
        ForRows(kernel, sum.Tokens, RowParallelChunks.Count * sum.Width);
        Ranks.Release();
    }

    private static CpuKvStore Cached(KvStore kv) => kv as CpuKvStore
        ?? throw new AcceleratorException($"caches made by {kv.GetType().Name} were given to the cpu backend");

    /// <summary>residual[t] += Σ_c addend[c][t], c = 0 … 7 over all ranks; normed[t] = RmsNorm(residual[t]).</summary>
    private readonly struct ReduceRow(
        Published* peers, int addendsPerRank, long width, FloatRows residual, float* norm, float epsilon, FloatRows normed)
        : IRowKernel
    {
        private readonly Published* _peers = peers;
        private readonly float* _norm = norm;

        public void Run(long row)
        {
            float* sum = normed[row];
            Elementwise.Map(new Elementwise.Sum(), Addend(0, row), Addend(1, row), sum, width);
            for (int c = 2; c < RowParallelChunks.Count; c++)
                Elementwise.Map(new Elementwise.Sum(), sum, Addend(c, row), sum, width);
            Elementwise.Map(new Elementwise.Sum(), residual[row], sum, residual[row], width);
            RmsNorm(residual[row], _norm, epsilon, sum, width);
        }

        private float* Addend(int c, long row)
        {
            Published peer = _peers[c / addendsPerRank];
            return (float*)peer.Address + (c % addendsPerRank * peer.RowStride) + (row * width);
        }
    }
}
