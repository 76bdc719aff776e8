using Glm5.Backends.CpuReference.Oracle;
using Glm5.Backends.CpuReference.Simd;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Backends.CpuReference;

/// <summary>One rank on the host's processor.</summary>
public sealed class CpuAccelerator : IAccelerator
{
    private readonly ActivationArena _arena;
    private readonly WorkerTeam? _team;
    private readonly CpuStepPlan _plan = new();

    internal CpuAccelerator(CpuVoice voice, CpuCollectives collectives, int rank, DeviceRequest request)
    {
        Capabilities = CpuDevice.Describe(voice);
        Memory = new CpuMemory();
        Collectives = collectives;
        _arena = new ActivationArena(Memory, request.ArenaBytes);
        if (voice == CpuVoice.Oracle)
        {
            Ops = new OracleOps(Memory, _arena, collectives);
            return;
        }

        _team = new WorkerTeam(ThreadsOf(rank, request));
        Ops = voice == CpuVoice.Simd
            ? new SimdOps(Memory, _arena, collectives, _team)
            : new SimdPrimitives(Memory, _arena, collectives, _team);
    }

    /// <inheritdoc/>
    public Capabilities Capabilities { get; }

    /// <inheritdoc/>
    public DeviceMemory Memory { get; }

    /// <inheritdoc/>
    public Collectives Collectives { get; }

    /// <inheritdoc/>
    public StepGraphs Graphs => StepGraphs.None;

    /// <inheritdoc/>
    public BlockOps Ops { get; }

    /// <inheritdoc/>
    public PackedWeight Pack(ReadOnlySpan<WeightSource> parts, WeightRole role) =>
        CpuPackedWeight.Pack(Memory, parts, role, Collectives.Size);

    /// <inheritdoc/>
    public long KvBlockBytes(KvSpec spec) => CpuKvStore.BytesPerBlock(spec);

    /// <inheritdoc/>
    public KvStore CreateKvStore(KvSpec spec, int blocks) => new CpuKvStore(Memory, spec, blocks);

    /// <inheritdoc/>
    public StepPlan Plan(StepLayout layout) => _plan.Begin(layout);

    /// <summary>Every operation is complete when it returns.</summary>
    public void Synchronize()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        (Ops as IDisposable)?.Dispose();
        _team?.Dispose();
        _arena.Dispose();
    }

    /// <summary>A rank's part of the threads, its own included: the first ranks take what does not divide.</summary>
    private static int ThreadsOf(int rank, DeviceRequest request)
    {
        int threads = request.Threads > 0 ? request.Threads : Environment.ProcessorCount;
        return Math.Max(1, (threads / request.TotalRanks) + (rank < threads % request.TotalRanks ? 1 : 0));
    }
}
