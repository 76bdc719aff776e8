using System.Linq;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Core.Verification;

/// <summary>Sizes at which a layer is run: small ones, and those that a rank of GLM-5 has.</summary>
public sealed record LayerShape(
    string Name, int Hidden, AttentionDims Attention, IndexerDims Indexer, int Experts, int ExpertsPerToken, int Inner, ElementType Weights)
{
    /// <summary>Small and uneven.</summary>
    public static LayerShape Tiny(ElementType weights) => new(
        $"tiny {weights}", 96, new AttentionDims(4, 48, 16, 64, 64, 48, 1e6f, true, 1e-5f), new IndexerDims(8, 32, 16, 16, true),
        8, 2, 32, weights);

    /// <summary>One of eight ranks of GLM-5: real widths, few experts, a small index_topk so that it bites.</summary>
    public static LayerShape Glm5Rank(ElementType weights) => new(
        $"GLM-5 TP8 {weights}", 6144, new AttentionDims(8, 192, 64, 256, 2048, 512, 1e6f, true, 1e-5f), new IndexerDims(32, 128, 64, 16, true),
        4, 2, 256, weights);

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>
/// One layer with random weights on one rank, and a step over two sequences, one of them continued from its cache.
/// </summary>
public sealed class LayerBench : IDisposable
{
    private readonly OpBench _bench;
    private readonly StepLayout _layout = new(64, 4, 16);

    /// <summary>The same seed gives the same weights and inputs on every accelerator.</summary>
    public LayerBench(IAccelerator accelerator, LayerShape shape, int seed)
    {
        Shape = shape;
        _bench = new OpBench(accelerator, seed);
        AttentionDims d = shape.Attention;
        Attention = NewAttention(d);
        Moe = NewMoe();
        Dense = NewMlp(shape.Inner);
        Norm = _bench.Pack(_bench.VectorWeight(shape.Hidden, 1, 0.2f), WeightRole.Vector);
        Kv = _bench.Kv(new KvSpec(1, d.Latent, d.Rope, shape.Indexer.Width, 16), 16);
    }

    public LayerShape Shape { get; }

    public AttentionWeights Attention { get; }

    public MoeWeights Moe { get; }

    public MlpWeights Dense { get; }

    public PackedWeight Norm { get; }

    public KvStore Kv { get; }

    public OpBench Bench => _bench;

    public BlockOps Ops => _bench.Ops;

    /// <summary>Lays out sequence 0 at positions from … and sequence 1 from 0.</summary>
    public StepPlan Plan(int from, int count, int others)
    {
        _layout.Clear();
        _layout.AddSequence(new BlockTable([3, 9, 5], 3));
        for (int i = 0; i < count; i++)
            _layout.AddToken(0, from + i, wantsLogits: false);
        _layout.AddSequence(new BlockTable([7], 1));
        for (int i = 0; i < others; i++)
            _layout.AddToken(0, i, wantsLogits: false);
        return _bench.Accelerator.Plan(_layout);
    }

    /// <summary>Room for the selection of the current step.</summary>
    public Selection NewSelection(StepPlan plan) => plan.Layout.LongestContext <= Shape.Indexer.TopK
        ? Selection.Everything
        : new Selection(_bench.EmptyInts(plan.Layout.TokenCount, Shape.Indexer.TopK));

    /// <summary>Reduces a sum onto zeros: the sum itself, [tokens · hidden].</summary>
    public float[] Reduced(PartialSum sum)
    {
        Tensor residual = _bench.Empty(sum.Tokens, sum.Width), normed = _bench.Empty(sum.Tokens, sum.Width);
        Ops.Fill(residual, 0);
        Ops.ReduceAddNorm(sum, residual, Norm, 1e-5f, normed);
        return _bench.Floats(residual);
    }

    /// <inheritdoc/>
    public void Dispose() => _bench.Dispose();

    private AttentionWeights NewAttention(AttentionDims d)
    {
        WeightSource up = Matrix(d.Heads * (d.Nope + d.Value), d.Latent);
        int stride = d.Nope + d.Value;
        return new AttentionWeights
        {
            Layer = 0,
            Dims = d,
            QueryDown = Linear(d.QueryLatent, Shape.Hidden),
            QueryNorm = Vector(d.QueryLatent),
            QueryUp = Linear(d.Heads * (d.Nope + d.Rope), d.QueryLatent),
            LatentDown = Linear(d.Latent + d.Rope, Shape.Hidden),
            LatentNorm = Vector(d.Latent),
            KeyUp = _bench.Pack([.. Enumerable.Range(0, d.Heads).Select(h => up.RowSlice(h * stride, d.Nope))], WeightRole.KeyUp),
            ValueUp = _bench.Pack([.. Enumerable.Range(0, d.Heads).Select(h => up.RowSlice((h * stride) + d.Nope, d.Value))], WeightRole.ValueUp),
            Output = _bench.Pack(Matrix(Shape.Hidden, d.Heads * d.Value), WeightRole.RowParallel),
            Indexer = NewIndexer(d.QueryLatent),
        };
    }

    private IndexerWeights NewIndexer(int queryLatent) => new()
    {
        Dims = Shape.Indexer,
        QueryUp = Linear(Shape.Indexer.Heads * Shape.Indexer.Width, queryLatent),
        Key = Linear(Shape.Indexer.Width, Shape.Hidden),
        KeyNorm = Vector(Shape.Indexer.Width),
        KeyNormBias = _bench.Pack(_bench.VectorWeight(Shape.Indexer.Width, 0, 0.2f), WeightRole.Vector),
        HeadWeights = _bench.Pack(_bench.Weight(ElementType.BF16, Shape.Indexer.Heads, Shape.Hidden), WeightRole.Linear),
    };

    private MoeWeights NewMoe() => new()
    {
        Layer = 0,
        Router = _bench.Pack(_bench.Weight(ElementType.BF16, Shape.Experts, Shape.Hidden), WeightRole.Router),
        CorrectionBias = _bench.Pack(_bench.VectorWeight(Shape.Experts, 34.5f, 0.15f), WeightRole.Vector),
        Experts = new MlpWeights(
            _bench.Pack([.. Enumerable.Range(0, 2 * Shape.Experts).Select(_ => Matrix(Shape.Inner, Shape.Hidden))], WeightRole.GateUp),
            _bench.Pack([.. Enumerable.Range(0, Shape.Experts).Select(_ => Matrix(Shape.Hidden, Shape.Inner))], WeightRole.RowParallel)),
        Shared = NewMlp(Shape.Inner),
        ExpertsPerToken = Shape.ExpertsPerToken,
        Normalize = true,
        ScalingFactor = 2.5f,
    };

    private MlpWeights NewMlp(int inner) => new(
        _bench.Pack([Matrix(inner, Shape.Hidden), Matrix(inner, Shape.Hidden)], WeightRole.GateUp),
        _bench.Pack(Matrix(Shape.Hidden, inner), WeightRole.RowParallel));

    private WeightSource Matrix(int rows, int columns) => _bench.Weight(Shape.Weights, rows, columns);

    private PackedWeight Linear(int rows, int columns) => _bench.Pack(Matrix(rows, columns), WeightRole.Linear);

    private PackedWeight Vector(int length) => _bench.Pack(_bench.VectorWeight(length, 1, 0.2f), WeightRole.Vector);
}
