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
    private readonly int _rank;

    /// <summary>One of <paramref name="ranks"/>.</summary>
    /// <param name="spec">The device.</param>
    /// <param name="ranks">All of them.</param>
    /// <param name="rank">Which one, counted over all groups.</param>
    /// <param name="arenaBytes">Bytes of its activations.</param>
    /// <param name="settings">What the device cannot know.</param>
    public SimulatedAccelerator(DeviceSpec spec, SimulatedRanks ranks, int rank, long arenaBytes, SimulationSettings settings)
    {
        (_spec, _times, _rank) = (spec, settings.Times, rank);
        // One rank of each group: the engine waits for all groups, so the slowest decides.
        _pace = settings.Times is null && rank % ranks.Size == 0 ? new StepPace() : null;
        _clock = new KernelClock(spec);
        var memory = new SimulatedMemory(spec);
        Memory = memory;
        Collectives = Meetings(ranks);
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
        double seconds = _clock.EndStep(_times, _rank);
        _pace?.Wait(seconds);
    }

    /// <inheritdoc/>
    public void Dispose() => _arena.Dispose();

    private SimulatedCollectives Meetings(SimulatedRanks ranks)
    {
        string name = $"rank {_rank}";
        SimulatedCollectives? across = ranks.AcrossOf(_rank) is { } peers
            ? new SimulatedCollectives(ranks, peers, _rank / ranks.Size, name, _clock)
            : null;
        return new SimulatedCollectives(ranks, ranks.GroupOf(_rank), _rank % ranks.Size, name, _clock, across);
    }
}
