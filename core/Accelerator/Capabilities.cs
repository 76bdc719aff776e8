namespace Glm5.Core.Accelerator;

/// <summary>
/// The number formats a backend computes in. Golden data is compared in all-F32; any other arithmetic has its own
/// oracle.
/// </summary>
/// <param name="Name">Short name for logs and the hardware matrix: <c>f32</c>.</param>
/// <param name="Activations">Type of activations between operations. Accumulation is F32 always.</param>
/// <param name="KvCache">Type of the latent cache.</param>
/// <param name="IndexCache">Type of the indexer's key cache.</param>
/// <param name="GemmInputs">Type to which GEMM inputs are rounded; the activations' type when they are not.</param>
public sealed record Arithmetic(
    string Name, ElementType Activations, ElementType KvCache, ElementType IndexCache, ElementType GemmInputs)
{
    /// <summary>Everything in F32: what the golden data pins.</summary>
    public static Arithmetic F32 { get; } =
        new("f32", ElementType.F32, ElementType.F32, ElementType.F32, ElementType.F32);
}

/// <summary>What a device is and can do, read at probing and printed by <c>glm5 probe</c>.</summary>
public sealed record Capabilities
{
    /// <summary>The backend's name as <c>--device</c> knows it: <c>cpu</c>.</summary>
    public required string Backend { get; init; }

    /// <summary>The device in words.</summary>
    public required string Device { get; init; }

    /// <summary>Instruction set or architecture that kernels were chosen for.</summary>
    public required string Architecture { get; init; }

    /// <summary>What it computes in.</summary>
    public required Arithmetic Arithmetic { get; init; }

    /// <summary>
    /// Stored weight types that kernels read as they are; of others the backend decodes what it can in Pack, and
    /// refuses the rest by name.
    /// </summary>
    public required IReadOnlyList<ElementType> NativeWeights { get; init; }

    /// <summary>True when a sequence's result does not depend on what else is in the batch, nor on chunking.</summary>
    public required bool BatchInvariant { get; init; }

    /// <summary>True when any supported number of ranks gives the same bits.</summary>
    public required bool RankInvariant { get; init; }

    /// <summary>True when steps can be captured and replayed.</summary>
    public required bool CapturesGraphs { get; init; }

    /// <summary>
    /// Why a backend that captures steps elsewhere runs every one eagerly here; null when it captures, or never does.
    /// </summary>
    public string? EagerBecause { get; init; }

    /// <summary>
    /// True when the ranks of a group allocate from one memory, so that each may take only its share of what is free.
    /// </summary>
    public required bool SharesMemory { get; init; }

    /// <summary>Slots in a KV block that kernels accept, preferred first.</summary>
    public required IReadOnlyList<int> BlockSlots { get; init; }

    /// <summary>How its caches can be stored, its own choice first.</summary>
    public IReadOnlyList<KvFormat> KvFormats { get; init; } = [KvFormat.F32];

    /// <summary>Ranks that one process can drive.</summary>
    public required IReadOnlyList<int> RankCounts { get; init; }

    /// <summary>
    /// True for a stand-in of the device that computes on the host: what runs there proves the code, not the hardware.
    /// </summary>
    public bool IsEmulated { get; init; }

    /// <summary>
    /// Fusions that depend on the installed driver or library, and why each that is missing is composed. Empty where
    /// nothing depends.
    /// </summary>
    public IReadOnlyList<FusionVerdict> Fusions { get; init; } = [];
}

/// <summary>Whether an operation runs as a fusion here.</summary>
/// <param name="Operation">Of the contract.</param>
/// <param name="Kernel">What would run it.</param>
/// <param name="Refusal">Why it is composed instead; null when it is fused, where its shapes fit.</param>
public sealed record FusionVerdict(string Operation, string Kernel, string? Refusal);
