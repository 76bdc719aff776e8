using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda;

/// <summary>How the operations are computed.</summary>
public enum CudaVoice
{
    /// <summary>What serves: products of BF16 inputs, 8-bit weights as they are stored, fused kernels.</summary>
    Fused,

    /// <summary>
    /// The plain kernels alone, everything in F32 and summed in one order: slow, and exact enough to be held against golden
    /// data.
    /// </summary>
    Portable,
}

/// <summary>The arithmetic of each voice.</summary>
internal static class CudaArithmetic
{
    /// <summary>F32 between operations; large products round their inputs to BF16, as the caches are. Sums are F32.</summary>
    private static readonly Arithmetic s_bf16 =
        new("bf16", ElementType.F32, ElementType.BF16, ElementType.BF16, ElementType.BF16);

    /// <summary>Of a voice.</summary>
    public static Arithmetic Of(CudaVoice voice) => voice == CudaVoice.Portable ? Arithmetic.F32 : s_bf16;
}
