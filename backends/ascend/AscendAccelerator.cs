using Glm5.Backends.Ascend.Ops;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Backends.Ascend;

/// <summary>One rank on one NPU die.</summary>
public sealed class AscendAccelerator : IAccelerator
{
    /// <summary>
    /// Scratch beyond the size of the arena: workspace of operators, and roundings of what they read.
    /// </summary>
    private const long ScratchSlack = 64 << 20;

    private readonly AscendDevice _device;
    private readonly AscendMemory _memory;
    private readonly ActivationArena _arena, _scratch;
    private readonly AclnnCall _call;
    private readonly Kernels _kernels;
    private readonly RopeAngles _angles;
    private readonly AscendStepPlan _plan;
    private readonly AscendCollectives _collectives;
    private readonly AscendPrimitives _ops;
    private readonly WeightPacker _packer;
    private readonly Fusions _fusions;

    internal AscendAccelerator(
        CannInstallation cann, AscendGroup group, int rank, int device, AscendVoice voice, long arenaBytes)
    {
        _device = new AscendDevice(cann, device, group.Meeting);
        Capabilities = AscendProbe.Describe(cann, voice, _device.SocName, AscendProbe.Count(cann));
        _memory = new AscendMemory(_device);
        _arena = new ActivationArena(_memory, arenaBytes);
        _scratch = new ActivationArena(_memory, arenaBytes + ScratchSlack);
        _call = new AclnnCall(_device, _scratch);
        _kernels = new Kernels(_device, _scratch, _call);
        _angles = new RopeAngles(_device, _memory);
        _plan = new AscendStepPlan(_device, _memory);
        Graphs = Capabilities.CapturesGraphs ? new AscendGraphs(_device) : StepGraphs.None;
        _collectives = new AscendCollectives(_device, group, rank, _kernels, _memory);
        _memory.Expected = group.Size > 1 ? HcclBuffers.Bytes : 0;
        _fusions = new Fusions(cann.Operators, cann.Version);
        _packer = new WeightPacker(_memory, Capabilities.Arithmetic.GemmInputs, voice == AscendVoice.Fused ? _fusions : null);
        _ops = voice == AscendVoice.Portable
            ? new AscendPrimitives(_memory, _arena, _collectives, _kernels, _angles)
            : new AscendOps(_memory, _arena, _collectives, _kernels, _angles, _fusions, cann.Version);
    }

    /// <summary>Its operators' calls, for tests.</summary>
    internal AclnnCall Call => _call;

    /// <summary>The fusions it has.</summary>
    internal Fusions Fusions => _fusions;

    /// <inheritdoc/>
    public Capabilities Capabilities { get; }

    /// <inheritdoc/>
    public DeviceMemory Memory => _memory;

    /// <inheritdoc/>
    public Collectives Collectives => _collectives;

    /// <inheritdoc/>
    public StepGraphs Graphs { get; }

    /// <inheritdoc/>
    public BlockOps Ops => _ops;

    /// <inheritdoc/>
    public PackedWeight Pack(ReadOnlySpan<WeightSource> parts, WeightRole role) => _packer.Pack(parts, role);

    /// <inheritdoc/>
    public long KvBlockBytes(KvSpec spec) => AscendKvStore.BytesPerBlock(spec, Capabilities.Arithmetic.KvCache);

    /// <inheritdoc/>
    public KvStore CreateKvStore(KvSpec spec, int blocks) =>
        new AscendKvStore(
            _device, _memory, _kernels, spec, blocks, Capabilities.Arithmetic.KvCache,
            _ops is AscendOps && AscendOps.KeepsKeysInHalves(_fusions, spec));

    /// <inheritdoc/>
    public StepPlan Plan(StepLayout layout)
    {
        _plan.Begin(layout);
        _angles.Begin(_plan);
        return _plan;
    }

    /// <inheritdoc/>
    public void Synchronize() => _device.Synchronize();

    /// <inheritdoc/>
    public void Dispose()
    {
        _call.Dispose();
        _collectives.Dispose();
        _plan.Dispose();
        _angles.Dispose();
        _ops.Dispose();
        _scratch.Dispose();
        _arena.Dispose();
        _device.Dispose();
    }
}
