using Glm5.Core.Weights;

namespace Glm5.Core.Accelerator;

/// <summary>
/// One device as one rank of a group sees it. Made by <see cref="Backend.Open"/>, driven by one thread, the rank's,
/// which also disposes it. Its parts share its lifetime.
/// </summary>
public interface IAccelerator : IDisposable
{
    /// <summary>What it is and can do.</summary>
    Capabilities Capabilities { get; }

    /// <summary>Its memory.</summary>
    DeviceMemory Memory { get; }

    /// <summary>Exchange with the other ranks of its group.</summary>
    Collectives Collectives { get; }

    /// <summary>Capture and replay.</summary>
    StepGraphs Graphs { get; }

    /// <summary>The operations, from primitives to blocks.</summary>
    BlockOps Ops { get; }

    /// <summary>
    /// Brings a weight into the device's layout. <paramref name="parts"/> are the stored matrices in the order that the
    /// role names (one for most; one a head for <see cref="WeightRole.KeyUp"/> and <see cref="WeightRole.ValueUp"/>;
    /// gate and up by turns for <see cref="WeightRole.GateUp"/>; one an expert), already cut to this rank's shard.
    /// </summary>
    /// <exception cref="AcceleratorException">The format or the cut does not fit the device; names the weight.</exception>
    PackedWeight Pack(ReadOnlySpan<WeightSource> parts, WeightRole role);

    /// <summary>Bytes that one block of such caches takes on the device: what the pool is sized by.</summary>
    long KvBlockBytes(KvSpec spec);

    /// <summary>Allocates the caches for <paramref name="blocks"/> blocks, block 0 included. The caller disposes them.</summary>
    KvStore CreateKvStore(KvSpec spec, int blocks);

    /// <summary>Readies a step: once, before any operation of it. The previous plan of this accelerator ends.</summary>
    StepPlan Plan(StepLayout layout);

    /// <summary>Waits for all work given to the device.</summary>
    void Synchronize();
}
