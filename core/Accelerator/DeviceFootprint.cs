using Glm5.Core.Weights;

namespace Glm5.Core.Accelerator;

/// <summary>
/// How a backend's devices hold a model: what planning counts with, before anything is allocated and without opening a
/// device. What it says equals what <see cref="IAccelerator.Pack"/> and <see cref="IAccelerator.CreateKvStore"/> take.
/// </summary>
public abstract class DeviceFootprint
{
    /// <summary>One device in words.</summary>
    public abstract string Device { get; }

    /// <summary>Devices there are, one a rank; where ranks are threads of one device, the most ranks.</summary>
    public abstract int Devices { get; }

    /// <summary>Bytes of memory of one device.</summary>
    public abstract long TotalBytes { get; }

    /// <summary>Bytes of it that an allocation could get now.</summary>
    public abstract long FreeBytes { get; }

    /// <summary>True when all ranks allocate from one device's memory.</summary>
    public abstract bool SharesMemory { get; }

    /// <summary>
    /// True when matrices are read where the checkpoint is mapped: its bytes are then taken once, whatever the ranks.
    /// </summary>
    public virtual bool ReadsInPlace => false;

    /// <summary>Slots in a KV block that kernels accept, preferred first.</summary>
    public abstract IReadOnlyList<int> BlockSlots { get; }

    /// <summary>How rows of the caches can be stored, preferred first.</summary>
    public abstract IReadOnlyList<KvFormat> KvFormats { get; }

    /// <summary>Whether so many ranks can be opened.</summary>
    public abstract bool TakesRanks(int ranks);

    /// <summary>Device bytes of one stored part, cut to a rank's shard, once packed for its role.</summary>
    public virtual long WeightBytes(WeightRole role, in WeightSource part) =>
        role == WeightRole.Vector ? part.Columns * sizeof(float) : part.StoredBytes;

    /// <summary>Device bytes of one block of such caches.</summary>
    public abstract long KvBlockBytes(KvSpec spec);

    /// <summary>Device bytes that exchange between so many ranks takes on each.</summary>
    public virtual long CommunicationBytes(int ranks) => 0;
}
