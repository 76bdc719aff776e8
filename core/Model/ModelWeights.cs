using Glm5.Core.Accelerator;

namespace Glm5.Core.Model;

/// <summary>All weights of one rank. Owns them; the checkpoint they may lie in must outlive it.</summary>
public sealed class ModelWeights : IDisposable
{
    private readonly IReadOnlyList<PackedWeight> _owned;

    internal ModelWeights(IReadOnlyList<PackedWeight> owned) => _owned = owned;

    /// <summary>embed_tokens, whole on every rank.</summary>
    public required PackedWeight Embedding { get; init; }

    /// <summary>The main layers.</summary>
    public required DecoderLayer[] Layers { get; init; }

    /// <summary>model.norm.</summary>
    public required PackedWeight FinalNorm { get; init; }

    /// <summary>lm_head, this rank's part of the vocabulary.</summary>
    public required PackedWeight Head { get; init; }

    /// <summary>The draft layer; null when the checkpoint has none.</summary>
    public required DraftWeights? Draft { get; init; }

    /// <summary>Weights that the device has in another format than the checkpoint.</summary>
    public IReadOnlyList<WeightConversion> Conversions { get; init; } = [];

    /// <summary>Frees every weight.</summary>
    public void Dispose()
    {
        foreach (PackedWeight weight in _owned)
            weight.Dispose();
    }
}

/// <summary>The draft layer beyond its decoder layer (specification, section 4). Embedding and head are the main model's.</summary>
/// <param name="EmbeddingNorm">enorm.</param>
/// <param name="HiddenNorm">hnorm.</param>
/// <param name="Join">eh_proj [hidden, 2 · hidden].</param>
/// <param name="Layer">Its decoder layer.</param>
/// <param name="HeadNorm">shared_head.norm.</param>
public sealed record DraftWeights(
    PackedWeight EmbeddingNorm, PackedWeight HiddenNorm, PackedWeight Join, DecoderLayer Layer, PackedWeight HeadNorm);
