using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda.Ops;

/// <summary>
/// The contract's primitives, one plain kernel each: the whole model runs on them, and every fused step is held against what
/// they compose to. Activations are F32; sums over K keep one order, whatever else is in the batch.
/// </summary>
internal partial class CudaPrimitives(
    CudaMemory memory, ActivationArena arena, Collectives collectives, Kernels kernels, RopeFrequencies frequencies)
    : BlockOps(memory, arena, collectives)
{
    /// <summary>The kernels.</summary>
    protected Kernels Kernels { get; } = kernels;

    /// <summary>Products with weights as they are stored.</summary>
    protected Products Products { get; } = new(kernels);

    /// <summary>Frequencies of rotary pairs.</summary>
    protected RopeFrequencies Frequencies { get; } = frequencies;

    /// <summary>The weight as this backend packed it.</summary>
    protected static CudaPackedWeight Of(PackedWeight weight) => weight as CudaPackedWeight
        ?? throw new AcceleratorException($"a weight packed by {weight.GetType().Name} was given to the cuda backend");

    /// <summary>Finds a kernel of a file.</summary>
    protected Kernel Find(string file, string name, int sharedBytes = 0) => Kernels.Find(file, name, sharedBytes);

    /// <summary>Address of a vector's values.</summary>
    protected static nint Vector(PackedWeight weight) => weight.AsVector().Address;
}
