using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Core.Measurement;

/// <summary>
/// Layers of a shape on one rank with seeded weights and filled caches: steps over them run as the model's do. Owns its
/// weights and caches, not the device.
/// </summary>
public sealed class MeasuredLayers : IDisposable
{
    private const int BlockSlots = 64;
    private const float Epsilon = 1e-5f;

    private readonly IAccelerator _device;
    private readonly MeasuredShape _shape;
    private readonly List<IDisposable> _owned = [];
    private readonly List<(AttentionWeights Attention, MoeWeights Moe)> _layers = [];
    private readonly PackedWeight _norm;
    private readonly KvStore _kv;
    private long _attentionBytes, _expertBytes, _sharedBytes;

    /// <summary>Packs the layers and fills caches of <paramref name="blocks"/> blocks.</summary>
    public MeasuredLayers(
        IAccelerator device, MeasuredShape shape, int layers, ElementType weights, KvFormat cache, int blocks, Action<int>? progress = null)
    {
        (_device, _shape) = (device, shape);
        AttentionDims d = shape.Attention;
        long most = Math.Max(
            (long)shape.Hidden * d.Heads * Math.Max(d.Value, d.Nope + d.Rope), (long)shape.Hidden * Math.Max(shape.Inner, shape.Experts));
        var matrices = new SeededMatrices(weights, Math.Max(most, (long)d.QueryLatent * d.Heads * (d.Nope + d.Rope)), seed: 1);
        _norm = Own(device.Pack([SeededMatrices.Vector("norm", shape.Hidden)], WeightRole.Vector));
        for (int layer = 0; layer < layers; layer++)
        {
            _layers.Add((PackAttention(layer, matrices), PackExperts(layer, matrices)));
            progress?.Invoke(layer);
        }

        var spec = new KvSpec(layers, d.Latent, d.Rope, shape.Indexer.Width, BlockSlots) { Format = cache };
        _kv = device.CreateKvStore(spec, blocks);
        _owned.Add(_kv);
        Fill(layers, blocks);
    }

    /// <summary>Blocks that a step's caches take, block 0 included.</summary>
    public static int BlocksOf(MeasuredStep step) => 1 + (step.Sequences * ((step.Context + BlockSlots - 1) / BlockSlots));

    /// <summary>Arena that such a step needs: what attention and experts hold side by side, twice over.</summary>
    public static long ArenaBytes(MeasuredShape shape, MeasuredStep step)
    {
        AttentionDims d = shape.Attention;
        long wide = (6L * shape.Hidden) + (3L * d.Heads * (d.Latent + d.Rope + d.Nope)) + d.QueryLatent
            + ((long)shape.Indexer.Heads * (shape.Indexer.Width + 1)) + shape.Indexer.TopK + shape.Experts
            + ((long)shape.ExpertsPerToken * (shape.Hidden + (3L * shape.Inner)));
        return (64L << 20) + (2 * sizeof(float) * wide * step.Tokens);
    }

    /// <summary>
    /// Bytes that a step has to move in one layer at least: weights it uses once, rows of the caches that it reads, index scores once
    /// written and once read.
    /// </summary>
    public double LeastBytes(MeasuredStep step)
    {
        KvFormat format = _kv.Spec.Format;
        AttentionDims d = _shape.Attention;
        double experts = _shape.DistinctExperts(step.Tokens) * _expertBytes / _shape.Experts;
        bool selects = step.Context > _shape.Indexer.TopK;
        double rows = (double)step.Tokens * Math.Min(step.Context, _shape.Indexer.TopK) * format.LatentBytes(d.Latent, d.Rope);
        double keys = selects ? (double)step.Sequences * step.Context * format.IndexBytes(_shape.Indexer.Width) : 0;
        double scores = selects ? 2.0 * sizeof(float) * step.Tokens * step.Context : 0;
        return _attentionBytes + experts + _sharedBytes + rows + keys + scores;
    }

    /// <summary>Floating-point operations of a step in one layer: products, attention, indexer.</summary>
    public double Operations(MeasuredStep step)
    {
        AttentionDims d = _shape.Attention;
        double h = _shape.Hidden, heads = d.Heads;
        double weights = (h * d.QueryLatent) + (d.QueryLatent * heads * (d.Nope + d.Rope)) + (h * (d.Latent + d.Rope))
            + (heads * d.Latent * (d.Nope + d.Value)) + (heads * d.Value * h) + (d.QueryLatent * (double)_shape.Indexer.Heads * _shape.Indexer.Width)
            + (h * (_shape.Indexer.Width + _shape.Indexer.Heads + _shape.Experts)) + ((_shape.ExpertsPerToken + 1) * 3 * h * _shape.Inner);
        double attention = 2 * heads * ((2 * d.Latent) + d.Rope) * Math.Min(step.Context, _shape.Indexer.TopK);
        double index = step.Context > _shape.Indexer.TopK ? 2.0 * _shape.Indexer.Heads * _shape.Indexer.Width * step.Context : 0;
        return step.Tokens * ((2 * weights) + attention + index);
    }

    /// <summary>Lays a step out: every sequence's last tokens.</summary>
    public static StepLayout LayOut(MeasuredStep step)
    {
        var layout = new StepLayout(step.Tokens, step.Sequences, BlockSlots);
        layout.Clear();
        int each = (step.Context + BlockSlots - 1) / BlockSlots;
        for (int s = 0; s < step.Sequences; s++)
        {
            int[] blocks = new int[each];
            for (int b = 0; b < each; b++)
                blocks[b] = 1 + (s * each) + b;
            layout.AddSequence(new BlockTable(blocks, each));
            for (int t = 0; t < step.TokensEach; t++)
                layout.AddToken(0, step.Context - step.TokensEach + t, wantsLogits: false);
        }

        return layout;
    }

    /// <summary>
    /// Runs all layers: residual [tokens, hidden] is read and left changed. What is captured and replayed.
    /// </summary>
    public void Run(StepPlan plan, Tensor residual)
    {
        BlockOps ops = _device.Ops;
        using ActivationArena.Scope scope = ops.Arena.Open();
        long tokens = residual[0], hidden = residual[1];
        Tensor normed = ops.Arena.Take(ElementType.F32, tokens, hidden);
        int topK = _shape.Indexer.TopK;
        Selection selection = plan.Layout.LongestContext <= topK
            ? Selection.Everything
            : new Selection(ops.Arena.Take(ElementType.I32, tokens, topK));
        ops.RmsNorm(residual, _norm, Epsilon, normed);
        foreach ((AttentionWeights attention, MoeWeights moe) in _layers)
        {
            using ActivationArena.Scope layer = ops.Arena.Open();
            PartialSum sum = ops.NewPartialSum(tokens, hidden);
            ops.Attention(attention, normed, plan, _kv, selection, sum);
            ops.ReduceAddNorm(sum, residual, _norm, Epsilon, normed);
            ops.Moe(moe, normed, sum);
            ops.ReduceAddNorm(sum, residual, _norm, Epsilon, normed);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
            _owned[i].Dispose();
        _owned.Clear();
    }

    /// <summary>Noise in one block, and copies of it in all others.</summary>
    private void Fill(int layers, int blocks)
    {
        AttentionDims d = _shape.Attention;
        var layout = new StepLayout(BlockSlots, 1, BlockSlots);
        layout.Clear();
        layout.AddSequence(new BlockTable([1], 1));
        for (int t = 0; t < BlockSlots; t++)
            layout.AddToken(0, t, wantsLogits: false);
        StepPlan plan = _device.Plan(layout);
        using ActivationArena.Scope scope = _device.Ops.Arena.Open();
        var random = new Random(2);
        for (int layer = 0; layer < layers; layer++)
        {
            _kv.WriteLatent(layer, plan, Noise(random, d.Latent), Noise(random, d.Rope));
            _kv.WriteIndexKeys(layer, plan, Noise(random, _shape.Indexer.Width));
        }

        for (int block = 2; block < blocks; block++)
            _kv.CopyBlock(1, block);
        _device.Synchronize();
    }

    private Tensor Noise(Random random, int width)
    {
        var values = new float[BlockSlots * width];
        for (int i = 0; i < values.Length; i++)
            values[i] = (2 * random.NextSingle()) - 1;
        Tensor tensor = _device.Ops.Arena.Take(ElementType.F32, BlockSlots, width);
        _device.Memory.Upload(MemoryMarshal.AsBytes(values.AsSpan()), tensor);
        return tensor;
    }

    private AttentionWeights PackAttention(int layer, SeededMatrices matrices)
    {
        AttentionDims d = _shape.Attention;
        IndexerDims i = _shape.Indexer;
        long before = Packed();
        WeightSource up = matrices.Matrix("kv_b_proj", (long)d.Heads * (d.Nope + d.Value), d.Latent);
        var attention = new AttentionWeights
        {
            Layer = layer,
            Dims = d,
            QueryDown = Pack(matrices, "q_a_proj", WeightRole.Linear, d.QueryLatent, _shape.Hidden),
            QueryNorm = Own(_device.Pack([SeededMatrices.Vector("q_a_layernorm", d.QueryLatent)], WeightRole.Vector)),
            QueryUp = Pack(matrices, "q_b_proj", WeightRole.Linear, (long)d.Heads * (d.Nope + d.Rope), d.QueryLatent),
            LatentDown = Pack(matrices, "kv_a_proj", WeightRole.Linear, d.Latent + d.Rope, _shape.Hidden),
            LatentNorm = Own(_device.Pack([SeededMatrices.Vector("kv_a_layernorm", d.Latent)], WeightRole.Vector)),
            KeyUp = Own(_device.Pack(Heads(up, d, 0, d.Nope), WeightRole.KeyUp)),
            ValueUp = Own(_device.Pack(Heads(up, d, d.Nope, d.Value), WeightRole.ValueUp)),
            Output = Pack(matrices, "o_proj", WeightRole.RowParallel, _shape.Hidden, (long)d.Heads * d.Value),
            Indexer = new IndexerWeights
            {
                Dims = i,
                QueryUp = Pack(matrices, "indexer.wq_b", WeightRole.Linear, (long)i.Heads * i.Width, d.QueryLatent),
                Key = Pack(matrices, "indexer.wk", WeightRole.Linear, i.Width, _shape.Hidden),
                KeyNorm = Own(_device.Pack([SeededMatrices.Vector("indexer.k_norm.weight", i.Width)], WeightRole.Vector)),
                KeyNormBias = Own(_device.Pack([SeededMatrices.Vector("indexer.k_norm.bias", i.Width, 0)], WeightRole.Vector)),
                HeadWeights = Pack(matrices, "indexer.weights_proj", WeightRole.Linear, i.Heads, _shape.Hidden),
            },
        };
        _attentionBytes = Packed() - before;
        return attention;
    }

    private MoeWeights PackExperts(int layer, SeededMatrices matrices)
    {
        long before = Packed();
        var router = new MoeWeights
        {
            Layer = layer,
            Router = Pack(matrices, "gate", WeightRole.Router, _shape.Experts, _shape.Hidden),
            CorrectionBias = Own(_device.Pack([SeededMatrices.Vector("e_score_correction_bias", _shape.Experts, 0)], WeightRole.Vector)),
            Experts = Network(matrices, _shape.Experts),
            Shared = null,
            ExpertsPerToken = _shape.ExpertsPerToken,
            Normalize = true,
            ScalingFactor = 2.5f,
        };
        _expertBytes = Packed() - before;
        before = Packed();
        MoeWeights moe = router with { Shared = Network(matrices, 1) };
        _sharedBytes = Packed() - before;
        return moe;
    }

    private MlpWeights Network(SeededMatrices matrices, int groups)
    {
        var gateUp = new WeightSource[2 * groups];
        var down = new WeightSource[groups];
        for (int g = 0; g < groups; g++)
        {
            gateUp[2 * g] = matrices.Matrix("gate_proj", _shape.Inner, _shape.Hidden);
            gateUp[(2 * g) + 1] = matrices.Matrix("up_proj", _shape.Inner, _shape.Hidden);
            down[g] = matrices.Matrix("down_proj", _shape.Hidden, _shape.Inner);
        }

        return new MlpWeights(Own(_device.Pack(gateUp, WeightRole.GateUp)), Own(_device.Pack(down, WeightRole.RowParallel)));
    }

    private static WeightSource[] Heads(WeightSource up, AttentionDims d, int from, int rows)
    {
        var parts = new WeightSource[d.Heads];
        for (int h = 0; h < d.Heads; h++)
            parts[h] = up.RowSlice((h * (d.Nope + d.Value)) + from, rows);
        return parts;
    }

    private PackedWeight Pack(SeededMatrices matrices, string name, WeightRole role, long rows, long columns) =>
        Own(_device.Pack([matrices.Matrix(name, rows, columns)], role));

    private PackedWeight Own(PackedWeight weight)
    {
        _owned.Add(weight);
        return weight;
    }

    private long Packed()
    {
        long bytes = 0;
        foreach (IDisposable owned in _owned)
            bytes += owned is PackedWeight weight ? weight.DeviceBytes : 0;
        return bytes;
    }
}
