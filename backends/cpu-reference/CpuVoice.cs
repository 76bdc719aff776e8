namespace Glm5.Backends.CpuReference;

/// <summary>How the operations are written.</summary>
public enum CpuVoice
{
    /// <summary>Plain loops from the equations, what every backend is compared with.</summary>
    Oracle,

    /// <summary>Vector instructions and threads, what people run.</summary>
    Simd,

    /// <summary>The contract's default bodies over the vector primitives, before anything is fused. For tests.</summary>
    Composed,
}
