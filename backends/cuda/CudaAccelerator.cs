using Glm5.Backends.Cuda.Ops;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Backends.Cuda;

/// <summary>One rank on one GPU.</summary>
public sealed class CudaAccelerator : IAccelerator
{
    /// <summary>Scratch beyond the size of the arena: roundings and widened weights of what products read.</summary>
    private const long ScratchSlack = 64 << 20;

    private readonly CudaDevice _device;
    private readonly CudaMemory _memory;
    private readonly KernelModules _modules;
    private readonly ActivationArena _arena, _scratch;
    private readonly RopeFrequencies _frequencies;
    private readonly CudaStepPlan _plan;
    private readonly CudaCollectives _collectives;
    private readonly CublasProducts? _products;
    private readonly WeightPacker _packer;
    private readonly CudaPrimitives _ops;

    internal CudaAccelerator(CudaInstallation cuda, CudaGroup group, int rank, int device, CudaVoice voice, long arenaBytes)
    {
        _device = new CudaDevice(cuda, device, group.Meeting);
        Capabilities = CudaProbe.Describe(cuda, voice, _device.Facts, CudaProbe.Count(cuda));
        _modules = new KernelModules(_device);
        _memory = new CudaMemory(_device);
        _arena = new ActivationArena(_memory, arenaBytes);
        _scratch = new ActivationArena(_memory, arenaBytes + ScratchSlack);
        Kernels = new Kernels(_device, _modules);
        _frequencies = new RopeFrequencies(_memory);
        _plan = new CudaStepPlan(_device, _memory);
        _collectives = new CudaCollectives(_device, group, rank, Kernels, _scratch, _memory);
        _packer = new WeightPacker(_device, _memory, voice);
        Graphs = Capabilities.CapturesGraphs ? new CudaGraphs(_device) : StepGraphs.None;
        if (voice == CudaVoice.Portable)
        {
            _ops = new CudaPrimitives(_memory, _arena, _collectives, Kernels, _frequencies);
            return;
        }

        if (cuda.ProductsLibrary.Refusal is null)
            _products = new CublasProducts(_device, _memory);
        _ops = new CudaOps(_memory, _arena, _collectives, Kernels, _frequencies, _products, _scratch);
    }

    /// <summary>Its kernels, for tests and measurements.</summary>
    internal Kernels Kernels { get; }

    /// <summary>Its device, for measurements.</summary>
    internal CudaDevice Device => _device;

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
    public long KvBlockBytes(KvSpec spec) => CudaKvStore.BytesPerBlock(spec);

    /// <inheritdoc/>
    public KvStore CreateKvStore(KvSpec spec, int blocks) => new CudaKvStore(_memory, Kernels, spec, blocks);

    /// <inheritdoc/>
    public StepPlan Plan(StepLayout layout) => _plan.Begin(layout);

    /// <inheritdoc/>
    public void Synchronize() => _device.Synchronize();

    /// <inheritdoc/>
    public void Dispose()
    {
        _collectives.Dispose();
        _products?.Dispose();
        _packer.Dispose();
        _plan.Dispose();
        _frequencies.Dispose();
        _scratch.Dispose();
        _arena.Dispose();
        _modules.Dispose();
        _device.Dispose();
    }
}
