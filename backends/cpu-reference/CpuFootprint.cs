using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Backends.CpuReference;

/// <summary>How this backend holds a model: matrices where the checkpoint is mapped, vectors widened.</summary>
internal sealed class CpuFootprint : DeviceFootprint
{
    private readonly CpuMemory _memory = new();

    /// <inheritdoc/>
    public override string Device => "cpu";

    /// <inheritdoc/>
    public override int Devices => RowParallelChunks.Count;

    /// <inheritdoc/>
    public override long TotalBytes => _memory.TotalBytes;

    /// <inheritdoc/>
    public override long FreeBytes => _memory.FreeBytes;

    /// <inheritdoc/>
    public override bool SharesMemory => true;

    /// <inheritdoc/>
    public override bool ReadsInPlace => true;

    /// <inheritdoc/>
    public override IReadOnlyList<int> BlockSlots => CpuDevice.BlockSlots;

    /// <inheritdoc/>
    public override IReadOnlyList<KvFormat> KvFormats => CpuDevice.KvFormats;

    /// <inheritdoc/>
    public override bool TakesRanks(int ranks) => ranks is 1 or 2 or 4 or RowParallelChunks.Count;

    /// <inheritdoc/>
    public override long WeightBytes(WeightRole role, in WeightSource part) =>
        role == WeightRole.Vector ? part.Columns * sizeof(float) : 0;

    /// <inheritdoc/>
    public override long KvBlockBytes(KvSpec spec) => CpuKvStore.BytesPerBlock(spec);
}
