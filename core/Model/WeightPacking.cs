using Glm5.Core.Accelerator;
using Glm5.Core.Parallel;
using Glm5.Core.Weights;

namespace Glm5.Core.Model;

/// <summary>
/// Takes a checkpoint's tensors by name, cuts this rank's shard and gives each to the device under its role. The names
/// are those of <see cref="WeightNames"/>; reading this file is reading the checkpoint.
/// </summary>
public sealed class WeightPacking
{
    private readonly IWeightCatalog _weights;
    private readonly IAccelerator _accelerator;
    private readonly RankShard _shard;
    private readonly RankShard? _spread;
    private readonly ModelConfig _config;
    private readonly List<PackedWeight> _owned = [];
    private readonly List<WeightConversion> _conversions = [];

    private WeightPacking(IWeightCatalog weights, IAccelerator accelerator, RankShard shard, RankShard? spread) =>
        (_weights, _accelerator, _shard, _spread, _config) =
        (weights, accelerator, shard, spread, weights.Config);

    /// <summary>Packs everything for one rank.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="accelerator">The rank's device.</param>
    /// <param name="shard">The rank's place in its group.</param>
    /// <param name="spread">Its place among the ranks that hold whole experts; null where each has a slice of all.</param>
    /// <param name="cancellation">Ends it between two layers.</param>
    public static ModelWeights Load(
        IWeightCatalog weights, IAccelerator accelerator, RankShard shard, RankShard? spread = null,
        CancellationToken cancellation = default)
    {
        var packing = new WeightPacking(weights, accelerator, shard, spread);
        try
        {
            return packing.Load(cancellation);
        }
        catch
        {
            foreach (PackedWeight weight in packing._owned)
                weight.Dispose();
            throw;
        }
    }

    private ModelWeights Load(CancellationToken cancellation)
    {
        var layers = new DecoderLayer[_config.LayerCount];
        for (int l = 0; l < layers.Length; l++)
        {
            cancellation.ThrowIfCancellationRequested();
            layers[l] = Layer(l);
        }

        return new ModelWeights(_owned)
        {
            Conversions = _conversions,
            Embedding = Pack(_weights.Weight(WeightNames.Embedding), WeightRole.Embedding),
            Layers = layers,
            FinalNorm = Pack(_weights.Weight(WeightNames.FinalNorm), WeightRole.Vector),
            Head = Pack(
                _shard.Rows(_weights.Weight(WeightNames.Head), _config.VocabSize, "vocabulary entries"), WeightRole.Head),
            Draft = _config.DraftLayerCount > 0 ? Draft(_config.LayerCount) : null,
        };
    }

    private DecoderLayer Layer(int l) => new()
    {
        InputNorm = Vector(l, WeightNames.InputNorm),
        Attention = Attention(l),
        PostAttentionNorm = Vector(l, WeightNames.PostAttentionNorm),
        Mlp = _config.IsMoe(l) ? null : Mlp(l, WeightNames.MlpGate, WeightNames.MlpUp, WeightNames.MlpDown),
        Moe = _config.IsMoe(l) ? Moe(l) : null,
    };

    private AttentionWeights Attention(int l)
    {
        int heads = _config.HeadCount;
        return new AttentionWeights
        {
            Layer = l,
            Dims = new AttentionDims(
                _shard.Share(heads, "attention heads"), _config.QkNopeHeadDim, _config.QkRopeHeadDim, _config.VHeadDim,
                _config.QLoraRank, _config.KvLoraRank, (float)_config.RopeTheta, Interleaved: true, _config.RmsNormEps),
            QueryDown = Linear(l, WeightNames.QueryDown),
            QueryNorm = Vector(l, WeightNames.QueryLatentNorm),
            QueryUp = Pack(_shard.Rows(Source(l, WeightNames.QueryUp), heads, "attention heads"), WeightRole.Linear),
            LatentDown = Linear(l, WeightNames.LatentDown),
            LatentNorm = Vector(l, WeightNames.LatentNorm),
            KeyUp = PerHead(l, 0, _config.QkNopeHeadDim, WeightRole.KeyUp),
            ValueUp = PerHead(l, _config.QkNopeHeadDim, _config.VHeadDim, WeightRole.ValueUp),
            Output = Pack(
                _shard.Columns(Source(l, WeightNames.AttentionOut), heads, "attention heads"), WeightRole.RowParallel),
            Indexer = _config.HasIndexer(l) ? Indexer(l) : null,
        };
    }

    private IndexerWeights Indexer(int l) => new()
    {
        Dims = new IndexerDims(
            _config.IndexHeadCount, _config.IndexHeadDim, _config.QkRopeHeadDim, _config.IndexTopK,
            _config.IndexerRopeInterleave),
        QueryUp = Linear(l, WeightNames.IndexerQuery),
        Key = Linear(l, WeightNames.IndexerKey),
        KeyNorm = Vector(l, WeightNames.IndexerKeyNorm),
        KeyNormBias = Vector(l, WeightNames.IndexerKeyNormBias),
        HeadWeights = Linear(l, WeightNames.IndexerHeadWeights),
    };

    private MoeWeights Moe(int l)
    {
        ExpertSpan? held = _spread?.Experts(_config.RoutedExpertCount);
        return new MoeWeights
        {
            Layer = l,
            Router = Pack(Source(l, WeightNames.Router), WeightRole.Router),
            CorrectionBias = Vector(l, WeightNames.RouterBias),
            Experts = held is { } span ? WholeExperts(l, span) : SlicedExperts(l),
            Held = held,
            Shared = _config.SharedExpertCount > 0
                ? Mlp(l, WeightNames.SharedGate, WeightNames.SharedUp, WeightNames.SharedDown)
                : null,
            ExpertsPerToken = _config.ExpertsPerToken,
            Normalize = _config.NormTopKProb,
            ScalingFactor = _config.RoutedScalingFactor,
        };
    }

    private MlpWeights SlicedExperts(int l)
    {
        var gateUp = new WeightSource[2 * _config.RoutedExpertCount];
        var down = new WeightSource[_config.RoutedExpertCount];
        for (int e = 0; e < down.Length; e++)
        {
            gateUp[2 * e] = InnerRows(_weights.Weight(WeightNames.ExpertGate(l, e)));
            gateUp[(2 * e) + 1] = InnerRows(_weights.Weight(WeightNames.ExpertUp(l, e)));
            down[e] = InnerColumns(_weights.Weight(WeightNames.ExpertDown(l, e)));
        }

        return new MlpWeights(Pack(gateUp, WeightRole.GateUp), Pack(down, WeightRole.RowParallel));
    }

    private MlpWeights WholeExperts(int l, ExpertSpan held)
    {
        var gateUp = new WeightSource[2 * held.Count];
        var down = new WeightSource[held.Count];
        for (int i = 0; i < held.Count; i++)
        {
            int e = held.First + i;
            gateUp[2 * i] = _weights.Weight(WeightNames.ExpertGate(l, e));
            gateUp[(2 * i) + 1] = _weights.Weight(WeightNames.ExpertUp(l, e));
            down[i] = _weights.Weight(WeightNames.ExpertDown(l, e));
        }

        return new MlpWeights(Pack(gateUp, WeightRole.GateUp), Pack(down, WeightRole.ExpertDown));
    }

    private MlpWeights Mlp(int l, string gate, string up, string down) => new(
        Pack([InnerRows(Source(l, gate)), InnerRows(Source(l, up))], WeightRole.GateUp),
        Pack(InnerColumns(Source(l, down)), WeightRole.RowParallel));

    private DraftWeights Draft(int l) => new(
        Vector(l, WeightNames.DraftEmbeddingNorm),
        Vector(l, WeightNames.DraftHiddenNorm),
        Linear(l, WeightNames.DraftInput),
        Layer(l),
        Vector(l, WeightNames.DraftHeadNorm));

    /// <summary>One part a head of kv_b_proj, whose rows are each head's key rows, then its value rows.</summary>
    private PackedWeight PerHead(int l, int firstRow, int rows, WeightRole role)
    {
        WeightSource whole = Source(l, WeightNames.LatentUp);
        int stride = _config.QkNopeHeadDim + _config.VHeadDim;
        var parts = new WeightSource[_shard.Share(_config.HeadCount, "attention heads")];
        for (int h = 0; h < parts.Length; h++)
            parts[h] = whole.RowSlice((((long)(_shard.Rank * parts.Length) + h) * stride) + firstRow, rows);
        return Pack(parts, role);
    }

    private WeightSource InnerRows(WeightSource weight) =>
        _shard.Rows(weight, (int)weight.Rows, $"rows of {weight.Name}");

    private WeightSource InnerColumns(WeightSource weight) =>
        _shard.Columns(weight, (int)weight.Columns, $"columns of {weight.Name}");

    private WeightSource Source(int l, string name) => _weights.Weight(WeightNames.InLayer(l, name));

    private PackedWeight Linear(int l, string name) => Pack(Source(l, name), WeightRole.Linear);

    private PackedWeight Vector(int l, string name) => Pack(Source(l, name), WeightRole.Vector);

    private PackedWeight Pack(WeightSource part, WeightRole role) => Pack([part], role);

    private PackedWeight Pack(ReadOnlySpan<WeightSource> parts, WeightRole role)
    {
        PackedWeight packed = _accelerator.Pack(parts, role);
        _owned.Add(packed);
        if (packed.Conversion is { } conversion)
            _conversions.Add(conversion);
        return packed;
    }
}
