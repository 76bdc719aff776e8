namespace Glm5.Benchmarks.Peers;

internal enum WorkKind
{
    /// <summary>One sequence, one token at a time.</summary>
    Decode,

    /// <summary>One prompt, without sampling from it.</summary>
    Prefill,
}

/// <summary>One thing that both sides are timed on, at batch 1.</summary>
/// <param name="Kind">Which of the two shapes of work.</param>
/// <param name="Tokens">Tokens decoded or prefilled while the clock runs.</param>
/// <param name="Depth">Tokens already in the cache when it starts.</param>
internal readonly record struct Workload(WorkKind Kind, int Tokens, int Depth)
{
    public override string ToString() =>
        Kind == WorkKind.Decode ? $"decode {Tokens} at context {Depth}" : $"prefill {Tokens}";
}
