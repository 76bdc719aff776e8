using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>
/// What <c>--device cpu</c> runs: steps and blocks fused over the vector kernels. What is not overridden here is the
/// contract's default body over <see cref="SimdPrimitives"/>.
/// </summary>
internal sealed partial class SimdOps(DeviceMemory memory, ActivationArena arena, InProcessCollectives ranks, WorkerTeam team)
    : SimdPrimitives(memory, arena, ranks, team)
{
    /// <inheritdoc/>
    protected override int AddendsPerRank => RowParallelChunks.PerRank(Ranks.Size);

    private static CpuKvStore Cached(KvStore kv) => kv as CpuKvStore
        ?? throw new AcceleratorException($"caches made by {kv.GetType().Name} were given to the cpu backend");
}
