using Glm5.Core.Model;

namespace Glm5.Core.Weights;

/// <summary>What a tensor does, which decides how it may be stored and how ranks share it.</summary>
public enum TensorRole
{
    /// <summary>Rows by token id; split by rows.</summary>
    Vocabulary,

    /// <summary>A vector of a norm; whole on every rank.</summary>
    Norm,

    /// <summary>A matrix every rank holds whole, so that latents and selections are the same bits everywhere.</summary>
    Replicated,

    /// <summary>Rows by attention head; split by rows.</summary>
    HeadRows,

    /// <summary>Columns by attention head; split by columns, its results are partial sums.</summary>
    HeadColumns,

    /// <summary>Rows by inner dimension of an MLP; split by rows.</summary>
    InnerRows,

    /// <summary>Columns by inner dimension of an MLP; split by columns, its results are partial sums.</summary>
    InnerColumns,

    /// <summary>
    /// As <see cref="Replicated"/>, and never FP8: what decides on experts and keys, and the draft layer's input.
    /// </summary>
    Precise,

    /// <summary>
    /// Added to the router's scores; F32 only: in BF16 its values collapse and tokens route differently.
    /// </summary>
    RouterBias,
}

/// <summary>One tensor a checkpoint must have.</summary>
/// <param name="Name">Whole name.</param>
/// <param name="Role">What it does.</param>
/// <param name="Rows">Output dimension of a matrix; 1 for a vector.</param>
/// <param name="Columns">Input dimension of a matrix; length of a vector.</param>
/// <param name="IsVector">Stored with one dimension.</param>
public readonly record struct TensorSpec(string Name, TensorRole Role, long Rows, long Columns, bool IsVector)
{
    /// <summary>
    /// Whether quantised releases store it as E4M3 with block scales, or as 8-bit integers with a scale a row. What a
    /// given file does, its header says.
    /// </summary>
    public bool MayBeQuantised => Role is TensorRole.HeadRows or TensorRole.HeadColumns
        or TensorRole.InnerRows or TensorRole.InnerColumns or TensorRole.Replicated;

    /// <summary>Whether this runtime reads it from that type.</summary>
    public bool Allows(StoredType type) => type switch
    {
        StoredType.F32 => true,
        StoredType.BF16 => Role != TensorRole.RouterBias,
        StoredType.F8E4M3 or StoredType.I8 => MayBeQuantised,
        _ => false,
    };

    /// <summary>The types <see cref="Allows"/> accepts, for messages.</summary>
    public string AllowedTypes => Role switch
    {
        TensorRole.RouterBias => "F32",
        _ when MayBeQuantised => "BF16, F32, F8_E4M3 or I8",
        _ => "BF16 or F32",
    };

    public string ShapeText => IsVector ? $"[{Columns}]" : $"[{Rows}, {Columns}]";
}

/// <summary>
/// The tensors of a GLM-5 checkpoint: name, role, shape. Linear weights are [out, in]; there are no biases
/// but the indexer's key norm. Loader, sharding and planning all read this table.
/// </summary>
public static class TensorInventory
{
    /// <summary>
    /// Every tensor the main model needs and, after them, those of the draft layers, in layer order; scales excluded.
    /// </summary>
    public static IEnumerable<TensorSpec> Expected(ModelConfig config)
    {
        foreach (TensorSpec spec in OutsideLayers(config))
        {
            yield return spec;
        }

        for (int layer = 0; layer < config.LayerCount + config.DraftLayerCount; layer++)
        {
            foreach (TensorSpec spec in OfLayer(config, layer))
            {
                yield return spec;
            }
        }
    }

    /// <summary>Embedding, final norm and head.</summary>
    public static IReadOnlyList<TensorSpec> OutsideLayers(ModelConfig c) =>
    [
        Matrix(WeightNames.Embedding, TensorRole.Vocabulary, c.VocabSize, c.HiddenSize),
        Vector(WeightNames.FinalNorm, TensorRole.Norm, c.HiddenSize),
        Matrix(WeightNames.Head, TensorRole.Vocabulary, c.VocabSize, c.HiddenSize),
    ];

    /// <summary>One layer, main or draft.</summary>
    public static IEnumerable<TensorSpec> OfLayer(ModelConfig config, int layer)
    {
        foreach (TensorSpec spec in Attention(config))
        {
            yield return Named(spec, layer);
        }

        if (config.HasIndexer(layer))
        {
            foreach (TensorSpec spec in Indexer(config))
            {
                yield return Named(spec, layer);
            }
        }

        foreach (TensorSpec spec in config.IsMoe(layer) ? Routed(config, layer) : Named(DenseMlp(config), layer))
        {
            yield return spec;
        }

        if (layer >= config.LayerCount)
        {
            foreach (TensorSpec spec in Draft(config))
            {
                yield return Named(spec, layer);
            }
        }
    }

    private static TensorSpec[] Attention(ModelConfig c) =>
    [
        Vector(WeightNames.InputNorm, TensorRole.Norm, c.HiddenSize),
        Vector(WeightNames.PostAttentionNorm, TensorRole.Norm, c.HiddenSize),
        Matrix(WeightNames.QueryDown, TensorRole.Replicated, c.QLoraRank, c.HiddenSize),
        Vector(WeightNames.QueryLatentNorm, TensorRole.Norm, c.QLoraRank),
        Matrix(WeightNames.QueryUp, TensorRole.HeadRows, (long)c.HeadCount * c.QkHeadDim, c.QLoraRank),
        Matrix(WeightNames.LatentDown, TensorRole.Replicated, c.LatentWidth, c.HiddenSize),
        Vector(WeightNames.LatentNorm, TensorRole.Norm, c.KvLoraRank),
        Matrix(WeightNames.LatentUp, TensorRole.HeadRows,
            (long)c.HeadCount * (c.QkNopeHeadDim + c.VHeadDim), c.KvLoraRank),
        Matrix(WeightNames.AttentionOut, TensorRole.HeadColumns, c.HiddenSize, (long)c.HeadCount * c.VHeadDim),
    ];

    private static TensorSpec[] Indexer(ModelConfig c) =>
    [
        Matrix(WeightNames.IndexerQuery, TensorRole.Replicated, (long)c.IndexHeadCount * c.IndexHeadDim, c.QLoraRank),
        Matrix(WeightNames.IndexerKey, TensorRole.Replicated, c.IndexHeadDim, c.HiddenSize),
        Vector(WeightNames.IndexerKeyNorm, TensorRole.Norm, c.IndexHeadDim),
        Vector(WeightNames.IndexerKeyNormBias, TensorRole.Norm, c.IndexHeadDim),
        Matrix(WeightNames.IndexerHeadWeights, TensorRole.Precise, c.IndexHeadCount, c.HiddenSize),
    ];

    private static TensorSpec[] DenseMlp(ModelConfig c) =>
    [
        Matrix(WeightNames.MlpGate, TensorRole.InnerRows, c.IntermediateSize, c.HiddenSize),
        Matrix(WeightNames.MlpUp, TensorRole.InnerRows, c.IntermediateSize, c.HiddenSize),
        Matrix(WeightNames.MlpDown, TensorRole.InnerColumns, c.HiddenSize, c.IntermediateSize),
    ];

    private static TensorSpec[] RouterAndShared(ModelConfig c) =>
    [
        Matrix(WeightNames.Router, TensorRole.Precise, c.RoutedExpertCount, c.HiddenSize),
        Vector(WeightNames.RouterBias, TensorRole.RouterBias, c.RoutedExpertCount),
        .. c.SharedExpertCount == 0 ? Array.Empty<TensorSpec>() :
        [
            Matrix(WeightNames.SharedGate, TensorRole.InnerRows, c.SharedIntermediateSize, c.HiddenSize),
            Matrix(WeightNames.SharedUp, TensorRole.InnerRows, c.SharedIntermediateSize, c.HiddenSize),
            Matrix(WeightNames.SharedDown, TensorRole.InnerColumns, c.HiddenSize, c.SharedIntermediateSize),
        ],
    ];

    private static IEnumerable<TensorSpec> Routed(ModelConfig c, int layer)
    {
        foreach (TensorSpec spec in RouterAndShared(c))
        {
            yield return Named(spec, layer);
        }

        (int inner, int hidden) = (c.MoeIntermediateSize, c.HiddenSize);
        for (int e = 0; e < c.RoutedExpertCount; e++)
        {
            yield return Matrix(WeightNames.ExpertGate(layer, e), TensorRole.InnerRows, inner, hidden);
            yield return Matrix(WeightNames.ExpertUp(layer, e), TensorRole.InnerRows, inner, hidden);
            yield return Matrix(WeightNames.ExpertDown(layer, e), TensorRole.InnerColumns, hidden, inner);
        }
    }

    private static TensorSpec[] Draft(ModelConfig c) =>
    [
        Vector(WeightNames.DraftEmbeddingNorm, TensorRole.Norm, c.HiddenSize),
        Vector(WeightNames.DraftHiddenNorm, TensorRole.Norm, c.HiddenSize),
        Matrix(WeightNames.DraftInput, TensorRole.Precise, c.HiddenSize, 2L * c.HiddenSize),
        Vector(WeightNames.DraftHeadNorm, TensorRole.Norm, c.HiddenSize),
    ];

    private static TensorSpec Matrix(string name, TensorRole role, long rows, long columns) =>
        new(name, role, rows, columns, IsVector: false);

    private static TensorSpec Vector(string name, TensorRole role, long length) =>
        new(name, role, 1, length, IsVector: true);

    private static TensorSpec Named(TensorSpec spec, int layer) =>
        spec with { Name = WeightNames.InLayer(layer, spec.Name) };

    private static TensorSpec[] Named(TensorSpec[] specs, int layer) =>
        Array.ConvertAll(specs, spec => Named(spec, layer));
}
