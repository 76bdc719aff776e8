using Glm5.Core.Accelerator;

namespace Glm5.Backends.Simulated;

/// <summary>Caches that take their bytes of the device and hold nothing.</summary>
internal sealed class SimulatedKvStore : KvStore
{
    private readonly DeviceBuffer _memory;
    private readonly KernelClock _clock;

    public SimulatedKvStore(DeviceMemory memory, KernelClock clock, KvSpec spec, int blocks)
        : base(spec, blocks)
    {
        _clock = clock;
        _memory = memory.Allocate(blocks * BytesPerBlock(spec), $"the caches of {blocks} blocks");
    }

    /// <inheritdoc/>
    public override string LayoutId =>
        $"simulated {Spec.Format}, {Spec.Layers} layers x {Spec.BlockSlots} slots";

    /// <inheritdoc/>
    public override long BlockBytes => BytesPerBlock(Spec);

    /// <summary>Bytes of a cached row of one layer, latent and rotated key.</summary>
    public long LatentRowBytes => Spec.Format.LatentBytes(Spec.LatentWidth, Spec.RopeWidth);

    /// <summary>Bytes of an index key of one layer.</summary>
    public long IndexRowBytes => Spec.Format.IndexBytes(Spec.IndexWidth);

    /// <summary>Bytes of a block of such caches over all layers.</summary>
    public static long BytesPerBlock(KvSpec spec) => checked(spec.TokenBytes * spec.BlockSlots);

    /// <inheritdoc/>
    public override void WriteLatent(int layer, StepPlan plan, Tensor latent, Tensor rope) =>
        _clock.Kernel(KernelKind.Attend, plan.Layout.TokenCount * LatentRowBytes);

    /// <inheritdoc/>
    public override void WriteIndexKeys(int layer, StepPlan plan, Tensor keys) =>
        _clock.Kernel(KernelKind.Indexer, plan.Layout.TokenCount * IndexRowBytes);

    /// <inheritdoc/>
    public override void ReadLatent(int layer, StepPlan plan, int sequence, long from, Tensor into) =>
        _clock.Kernel(KernelKind.Attend, into.Rows * LatentRowBytes);

    /// <inheritdoc/>
    public override void ReadIndexKeys(int layer, StepPlan plan, int sequence, long from, Tensor into) =>
        _clock.Kernel(KernelKind.Indexer, into.Rows * IndexRowBytes);

    /// <inheritdoc/>
    public override void CopyBlock(int from, int to) => _clock.Kernel(KernelKind.Elementwise, 2 * BlockBytes);

    /// <summary>Copies take none of this machine's memory, as blocks do.</summary>
    public override long ExportBytes => 0;

    /// <inheritdoc/>
    public override void Export(int block, Span<byte> into) => _clock.HostCopy(BlockBytes);

    /// <inheritdoc/>
    public override void Import(int block, ReadOnlySpan<byte> from) => _clock.HostCopy(BlockBytes);

    /// <inheritdoc/>
    public override void Dispose() => _memory.Dispose();
}
