using Glm5.Core.Accelerator;
using Glm5.Core.Parallel;
using Glm5.Core.Weights;

namespace Glm5.Core.Model;

/// <summary>
/// Takes a checkpoint's tensors by name, cuts this rank's shard and gives each to the device under its role. The names
/// are those of the specification, section 2; reading this file is reading the checkpoint.
/// </summary>
public sealed class WeightPacking
{
    private readonly Checkpoint _checkpoint;
    private readonly IAccelerator _accelerator;
    private readonly RankShard _shard;
    private readonly ModelConfig _config;
    private readonly List<PackedWeight> _owned = [];

    private WeightPacking(Checkpoint checkpoint, IAccelerator accelerator, RankShard shard) =>
        (_checkpoint, _accelerator, _shard, _config) = (checkpoint, accelerator, shard, checkpoint.Config);

    /// <summary>Packs everything for one rank. <paramref name="layerDone"/> is told after each layer, for progress.</summary>
    public static ModelWeights Load(
        Checkpoint checkpoint, IAccelerator accelerator, RankShard shard, Action<int>? layerDone = null,
        CancellationToken cancellation = default)
    {
        var packing = new WeightPacking(checkpoint, accelerator, shard);
        try
        {
            return packing.Load(layerDone, cancellation);
        }
        catch
        {
            foreach (PackedWeight weight in packing._owned)
                weight.Dispose();
            throw;
        }
    }

    private ModelWeights Load(Action<int>? layerDone, CancellationToken cancellation)
    {
        var layers = new DecoderLayer[_config.LayerCount];
        for (int l = 0; l < layers.Length; l++)
        {
            cancellation.ThrowIfCancellationRequested();
            layers[l] = Layer(l);
            layerDone?.Invoke(l);
        }

        WeightSource embedding = _checkpoint.Weight("model.embed_tokens.weight");
        WeightSource head = _config.TieWordEmbeddings ? embedding : _checkpoint.Weight("lm_head.weight");
        return new ModelWeights(_owned)
        {
            Embedding = Pack(embedding, WeightRole.Embedding),
            Layers = layers,
            FinalNorm = Vector("model.norm.weight"),
            Head = Pack(_shard.Rows(head, _config.VocabSize, "vocabulary entries"), WeightRole.Head),
            Draft = _checkpoint.HasDraftLayer ? Draft(_config.LayerCount) : null,
        };
    }

    private DecoderLayer Layer(int l) => new()
    {
        InputNorm = Vector($"model.layers.{l}.input_layernorm.weight"),
        Attention = Attention(l, $"model.layers.{l}.self_attn."),
        PostAttentionNorm = Vector($"model.layers.{l}.post_attention_layernorm.weight"),
        Mlp = _config.IsMoe(l) ? null : Mlp($"model.layers.{l}.mlp."),
        Moe = _config.IsMoe(l) ? Moe(l, $"model.layers.{l}.mlp.") : null,
    };

    private AttentionWeights Attention(int l, string prefix)
    {
        int heads = _config.HeadCount;
        return new AttentionWeights
        {
            Layer = l,
            Dims = new AttentionDims(
                _shard.Share(heads, "attention heads"), _config.QkNopeHeadDim, _config.QkRopeHeadDim, _config.VHeadDim,
                _config.QLoraRank, _config.KvLoraRank, _config.RopeTheta, _config.RopeInterleave, _config.RmsNormEps),
            QueryDown = Linear(prefix + "q_a_proj.weight"),
            QueryNorm = Vector(prefix + "q_a_layernorm.weight"),
            QueryUp = Pack(
                _shard.Rows(_checkpoint.Weight(prefix + "q_b_proj.weight"), heads, "attention heads"), WeightRole.Linear),
            LatentDown = Linear(prefix + "kv_a_proj_with_mqa.weight"),
            LatentNorm = Vector(prefix + "kv_a_layernorm.weight"),
            KeyUp = PerHead(prefix + "kv_b_proj.weight", 0, _config.QkNopeHeadDim, WeightRole.KeyUp),
            ValueUp = PerHead(prefix + "kv_b_proj.weight", _config.QkNopeHeadDim, _config.VHeadDim, WeightRole.ValueUp),
            Output = Pack(
                _shard.Columns(_checkpoint.Weight(prefix + "o_proj.weight"), heads, "attention heads"),
                WeightRole.RowParallel),
            Indexer = _config.HasIndexer(l) ? Indexer(prefix + "indexer.") : null,
        };
    }

    private IndexerWeights Indexer(string prefix) => new()
    {
        Dims = new IndexerDims(
            _config.IndexHeadCount, _config.IndexHeadDim, _config.QkRopeHeadDim, _config.IndexTopK,
            _config.IndexerRopeInterleave),
        QueryUp = Linear(prefix + "wq_b.weight"),
        Key = Linear(prefix + "wk.weight"),
        KeyNorm = Vector(prefix + "k_norm.weight"),
        KeyNormBias = Vector(prefix + "k_norm.bias"),
        HeadWeights = Linear(prefix + "weights_proj.weight"),
    };

    private MoeWeights Moe(int l, string prefix)
    {
        var gateUp = new WeightSource[2 * _config.RoutedExpertCount];
        var down = new WeightSource[_config.RoutedExpertCount];
        for (int e = 0; e < down.Length; e++)
        {
            gateUp[2 * e] = InnerRows($"{prefix}experts.{e}.gate_proj.weight");
            gateUp[(2 * e) + 1] = InnerRows($"{prefix}experts.{e}.up_proj.weight");
            down[e] = InnerColumns($"{prefix}experts.{e}.down_proj.weight");
        }

        return new MoeWeights
        {
            Layer = l,
            Router = Pack(_checkpoint.Weight(prefix + "gate.weight"), WeightRole.Router),
            CorrectionBias = Vector(prefix + "gate.e_score_correction_bias"),
            Experts = new MlpWeights(Pack(gateUp, WeightRole.GateUp), Pack(down, WeightRole.RowParallel)),
            Shared = _config.SharedExpertCount > 0 ? Mlp(prefix + "shared_experts.") : null,
            ExpertsPerToken = _config.ExpertsPerToken,
            Normalize = _config.NormTopKProb,
            ScalingFactor = _config.RoutedScalingFactor,
        };
    }

    private MlpWeights Mlp(string prefix) => new(
        Pack([InnerRows(prefix + "gate_proj.weight"), InnerRows(prefix + "up_proj.weight")], WeightRole.GateUp),
        Pack(InnerColumns(prefix + "down_proj.weight"), WeightRole.RowParallel));

    private DraftWeights Draft(int l) => new(
        Vector($"model.layers.{l}.enorm.weight"),
        Vector($"model.layers.{l}.hnorm.weight"),
        Linear($"model.layers.{l}.eh_proj.weight"),
        Layer(l),
        Vector($"model.layers.{l}.shared_head.norm.weight"));

    private PackedWeight PerHead(string name, int firstRow, int rows, WeightRole role)
    {
        WeightSource whole = _checkpoint.Weight(name);
        int stride = _config.QkNopeHeadDim + _config.VHeadDim;
        var parts = new WeightSource[_shard.Share(_config.HeadCount, "attention heads")];
        for (int h = 0; h < parts.Length; h++)
            parts[h] = whole.RowSlice((((long)(_shard.Rank * parts.Length) + h) * stride) + firstRow, rows);
        return Pack(parts, role);
    }

    private WeightSource InnerRows(string name)
    {
        WeightSource weight = _checkpoint.Weight(name);
        return _shard.Rows(weight, (int)weight.Rows, $"rows of {name}");
    }

    private WeightSource InnerColumns(string name)
    {
        WeightSource weight = _checkpoint.Weight(name);
        return _shard.Columns(weight, (int)weight.Columns, $"columns of {name}");
    }

    private PackedWeight Linear(string name) => Pack(_checkpoint.Weight(name), WeightRole.Linear);

    private PackedWeight Vector(string name) => Pack(_checkpoint.Weight(name), WeightRole.Vector);

    private PackedWeight Pack(WeightSource part, WeightRole role) => Pack([part], role);

    private PackedWeight Pack(ReadOnlySpan<WeightSource> parts, WeightRole role)
    {
        PackedWeight packed = _accelerator.Pack(parts, role);
        _owned.Add(packed);
        return packed;
    }
}
