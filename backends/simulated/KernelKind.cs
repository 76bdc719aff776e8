namespace Glm5.Backends.Simulated;

/// <summary>What time of a step goes to.</summary>
internal enum KernelKind
{
    /// <summary>Projections of attention: queries, latents, output.</summary>
    AttentionProducts,

    /// <summary>Sparse attention over cached rows.</summary>
    Attend,

    /// <summary>The indexer: its projections, scores and top-k.</summary>
    Indexer,

    /// <summary>Router and experts, shared ones included.</summary>
    Experts,

    /// <summary>Networks of the dense layers.</summary>
    Dense,

    /// <summary>Embedding, head, sampling and the draft layer's input.</summary>
    Vocabulary,

    /// <summary>Norms, sums and everything else that only moves activations.</summary>
    Elementwise,

    /// <summary>Exchange between ranks.</summary>
    Exchange,

    /// <summary>Standing still until ranks of other groups, which had more to compute, are there too.</summary>
    Waiting,

    /// <summary>Blocks of the caches on their way to the host or back.</summary>
    HostCopies,
}
