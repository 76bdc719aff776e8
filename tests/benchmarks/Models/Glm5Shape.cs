namespace Glm5.Benchmarks.Models;

/// <summary>
/// The dimensions of a GLM-5-shaped model, named after the keys of its config.json. Only what differs between sizes is
/// here; everything else (epsilon, rotation base, routing) is GLM-5's own and is written by <see cref="BenchConfig"/>.
/// </summary>
internal sealed record Glm5Shape
{
    public required int HiddenSize { get; init; }

    public required int Layers { get; init; }

    /// <summary>How many of the first layers have a dense MLP instead of experts.</summary>
    public required int DenseLayers { get; init; }

    /// <summary>Layers behind the last main layer that predict one token further.</summary>
    public required int DraftLayers { get; init; }

    public required int DenseIntermediate { get; init; }

    public required int ExpertIntermediate { get; init; }

    public required int RoutedExperts { get; init; }

    public required int ExpertsPerToken { get; init; }

    public required int SharedExperts { get; init; }

    public required int QueryLatent { get; init; }

    public required int KeyValueLatent { get; init; }

    public required int Heads { get; init; }

    public required int NopeDim { get; init; }

    public required int RopeDim { get; init; }

    public required int ValueDim { get; init; }

    public required int IndexHeads { get; init; }

    public required int IndexDim { get; init; }

    public required int IndexTopK { get; init; }

    public required int Vocabulary { get; init; }

    public required int MaxPositions { get; init; }

    /// <summary>
    /// GLM-5's structure at a size that decodes in about 15 ms on two CPU cores: 733.6 M parameters of which a decoded
    /// token reads 200.3 M, too many for any cache. Selection is active from 513 tokens on.
    /// </summary>
    public static Glm5Shape Bench1B { get; } = new()
    {
        HiddenSize = 1024,
        Layers = 12,
        DenseLayers = 2,
        DraftLayers = 1,
        DenseIntermediate = 4096,
        ExpertIntermediate = 512,
        RoutedExperts = 32,
        ExpertsPerToken = 4,
        SharedExperts = 1,
        QueryLatent = 512,
        KeyValueLatent = 256,
        Heads = 16,
        NopeDim = 96,
        RopeDim = 32,
        ValueDim = 128,
        IndexHeads = 8,
        IndexDim = 64,
        IndexTopK = 512,
        Vocabulary = 32768,
        MaxPositions = 32768,
    };
}
