using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend;

/// <summary>How the operations are computed.</summary>
public enum AscendVoice
{
    /// <summary>What serves: products in BF16, caches in BF16, CANN's fusions where they fit.</summary>
    Fused,

    /// <summary>
    /// The portable set alone, everything in F32: slow, and exact enough to be held against golden data.
    /// </summary>
    Portable,
}

/// <summary>The arithmetic of each voice.</summary>
internal static class AscendArithmetic
{
    /// <summary>F32 between operations; what enters a product is BF16, as the caches are. Sums are F32.</summary>
    private static readonly Arithmetic s_bf16 =
        new("bf16", ElementType.F32, ElementType.BF16, ElementType.BF16, ElementType.BF16);

    /// <summary>Of a voice.</summary>
    public static Arithmetic Of(AscendVoice voice) => voice == AscendVoice.Portable ? Arithmetic.F32 : s_bf16;
}
