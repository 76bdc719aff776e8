using Glm5.Core.Accelerator;
using Glm5.Core.Simulation;
using Glm5.Core.Weights;

namespace Glm5.Backends.Simulated;

/// <summary>One simulated device as a rank sees it.</summary>
internal sealed class SimulatedAccelerator : IAccelerator
{
    private readonly DeviceSpec _spec;
    private readonly KernelClock _clock;
    private readonly ActivationArena _arena;
    private readonly SimulatedStepPlan _plan = new();
    private readonly DeviceTimes? _times;
    private readonly StepPace? _pace;

    public SimulatedAccelerator(DeviceSpec spec, SimulatedGroup group, int rank, long arenaBytes, SimulationSettings settings)
    {
        (_spec, _times) = (spec, settings.Times);
        _pace = settings.Times is null && rank == 0 ? new StepPace() : null;
        _clock = new KernelClock(spec, group.Size);
        var memory = new SimulatedMemory(spec);
        Memory = memory;
        Collectives = new SimulatedCollectives(group, rank, _clock);
        _arena = new ActivationArena(memory, arenaBytes);
        Ops = new SimulatedOps(memory, _arena, Collectives, _clock, new TokenSource(settings.Acceptance));
        Capabilities = Describe(spec);
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

    /// <summary>What such a device is.</summary>
    public static Capabilities Describe(DeviceSpec spec) => new()
    {
        Backend = "sim",
        Device = $"simulated {spec.Name}",
        Architecture = "roofline, no arithmetic",
        Arithmetic = new Arithmetic(
            spec.CachesInFp8 ? "bf16, fp8 caches" : "bf16", ElementType.BF16,
            spec.CachesInFp8 ? ElementType.F8E4M3 : ElementType.BF16,
            spec.CachesInFp8 ? ElementType.F8E4M3 : ElementType.BF16, ElementType.F8E4M3),
        NativeWeights = [ElementType.F32, ElementType.BF16, ElementType.F8E4M3],
        BatchInvariant = true,
        RankInvariant = true,
        CapturesGraphs = false,
        SharesMemory = false,
        BlockSlots = SimulatedFootprint.Slots,
        KvFormats = spec.KvFormats,
        RankCounts = SimulatedFootprint.RankCounts,
    };

    /// <inheritdoc/>
    public PackedWeight Pack(ReadOnlySpan<WeightSource> parts, WeightRole role) =>
        SimulatedWeight.Pack(Memory, parts, role);

    /// <inheritdoc/>
    public long KvBlockBytes(KvSpec spec) => SimulatedKvStore.BytesPerBlock(spec);

    /// <inheritdoc/>
    public KvStore CreateKvStore(KvSpec spec, int blocks) => new SimulatedKvStore(Memory, _clock, spec, blocks);

    /// <inheritdoc/>
    public StepPlan Plan(StepLayout layout)
    {
        _pace?.Begin();
        return _plan.Begin(layout);
    }

    /// <summary>The step is over: its time is reported, or waited for.</summary>
    public void Synchronize()
    {
        double seconds = _clock.EndStep(_times, Collectives.Rank);
        _pace?.Wait(seconds);
    }

    /// <inheritdoc/>
    public void Dispose() => _arena.Dispose();
}
