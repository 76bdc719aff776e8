using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Backends.Simulated;

/// <summary>How so many devices of a sheet hold a model.</summary>
internal sealed class SimulatedFootprint(DeviceSpec spec, int devices) : DeviceFootprint
{
    /// <summary>Blocks of 64 slots as sparse attention kernels on NVIDIA want them, of 128 as those on Ascend.</summary>
    public static IReadOnlyList<int> Slots { get; } = [64, 128];

    /// <summary>Every power of two that divides GLM-5's heads.</summary>
    public static IReadOnlyList<int> RankCounts { get; } = [1, 2, 4, 8, 16, 32, 64];

    /// <inheritdoc/>
    public override string Device => $"{devices} x {spec.Name}";

    /// <inheritdoc/>
    public override int Devices => devices;

    /// <inheritdoc/>
    public override long TotalBytes => spec.MemoryBytes;

    /// <inheritdoc/>
    public override long FreeBytes => spec.MemoryBytes;

    /// <inheritdoc/>
    public override bool SharesMemory => false;

    /// <inheritdoc/>
    public override IReadOnlyList<int> BlockSlots => Slots;

    /// <inheritdoc/>
    public override IReadOnlyList<KvFormat> KvFormats => spec.KvFormats;

    /// <inheritdoc/>
    public override bool TakesRanks(int ranks) => ranks > 0 && ranks <= devices;

    /// <inheritdoc/>
    public override long WeightBytes(WeightRole role, in WeightSource part) => SimulatedWeight.BytesOf(role, part);

    /// <inheritdoc/>
    public override long KvBlockBytes(KvSpec kv) => SimulatedKvStore.BytesPerBlock(kv);
}
