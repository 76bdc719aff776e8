namespace Glm5.Benchmarks.Models;

/// <summary>
/// Every tensor of a GLM-5-shaped checkpoint, in file order, with a scale that keeps activations near 1 through all
/// layers: matrices have deviation 1/sqrt(columns), and what is added to the residual stream is divided by sqrt(2 x
/// layers).
/// </summary>
internal sealed class BenchInventory(Glm5Shape shape)
{
    private const string Embedding = "model.embed_tokens.weight";
    private const string RoutedExpert = ".mlp.experts.";

    private readonly List<BenchTensor> _tensors = [];

    public static IReadOnlyList<BenchTensor> Of(Glm5Shape shape)
    {
        BenchInventory inventory = new(shape);
        inventory.AddModel();
        return inventory._tensors;
    }

    /// <summary>
    /// Bytes of weights that one decoded token reads at batch 1: the chosen experts only, the head included, the
    /// embedding and the draft layer not. The caches are not counted.
    /// </summary>
    public static long BytesPerDecodedToken(Glm5Shape shape, WeightFormat format)
    {
        string draft = $"model.layers.{shape.Layers}.";
        long bytes = 0;
        foreach (BenchTensor tensor in Of(shape))
        {
            if (tensor.Name == Embedding || tensor.Name.StartsWith(draft, StringComparison.Ordinal))
            {
                continue;
            }

            bool routed = tensor.Name.Contains(RoutedExpert, StringComparison.Ordinal);
            bytes += routed
                ? tensor.Bytes(format) * shape.ExpertsPerToken / shape.RoutedExperts
                : tensor.Bytes(format);
        }

        return bytes;
    }

    private float ResidualScale => 1 / MathF.Sqrt(2 * shape.Layers);

    private void AddModel()
    {
        Add(Embedding, shape.Vocabulary, shape.HiddenSize, TensorKind.Bf16Matrix, deviation: 1);
        for (int layer = 0; layer < shape.Layers + shape.DraftLayers; layer++)
        {
            AddLayer(layer, $"model.layers.{layer}.");
        }

        AddNorm("model.norm.weight", shape.HiddenSize);
        AddBf16Matrix("lm_head.weight", shape.Vocabulary, shape.HiddenSize);
    }

    private void AddLayer(int layer, string prefix)
    {
        if (layer >= shape.Layers)
        {
            AddNorm(prefix + "enorm.weight", shape.HiddenSize);
            AddNorm(prefix + "hnorm.weight", shape.HiddenSize);
            AddBf16Matrix(prefix + "eh_proj.weight", shape.HiddenSize, 2 * shape.HiddenSize);
            AddNorm(prefix + "shared_head.norm.weight", shape.HiddenSize);
        }

        AddNorm(prefix + "input_layernorm.weight", shape.HiddenSize);
        AddAttention(prefix + "self_attn.");
        AddIndexer(prefix + "self_attn.indexer.");
        AddNorm(prefix + "post_attention_layernorm.weight", shape.HiddenSize);
        if (layer < shape.DenseLayers)
        {
            AddMlp(prefix + "mlp.", shape.DenseIntermediate);
        }
        else
        {
            AddExperts(prefix + "mlp.");
        }
    }

    private void AddAttention(string prefix)
    {
        int valueWidth = shape.Heads * shape.ValueDim;
        AddMatrix(prefix + "q_a_proj.weight", shape.QueryLatent, shape.HiddenSize);
        AddNorm(prefix + "q_a_layernorm.weight", shape.QueryLatent);
        AddMatrix(prefix + "q_b_proj.weight", shape.Heads * (shape.NopeDim + shape.RopeDim), shape.QueryLatent);
        AddMatrix(prefix + "kv_a_proj_with_mqa.weight", shape.KeyValueLatent + shape.RopeDim, shape.HiddenSize);
        AddNorm(prefix + "kv_a_layernorm.weight", shape.KeyValueLatent);
        AddMatrix(prefix + "kv_b_proj.weight", shape.Heads * (shape.NopeDim + shape.ValueDim), shape.KeyValueLatent);
        AddMatrix(prefix + "o_proj.weight", shape.HiddenSize, valueWidth, ResidualScale);
    }

    private void AddIndexer(string prefix)
    {
        AddMatrix(prefix + "wq_b.weight", shape.IndexHeads * shape.IndexDim, shape.QueryLatent);
        AddMatrix(prefix + "wk.weight", shape.IndexDim, shape.HiddenSize);
        AddNorm(prefix + "k_norm.weight", shape.IndexDim);
        Add(prefix + "k_norm.bias", 1, shape.IndexDim, TensorKind.Vector, deviation: 0.02f);
        AddBf16Matrix(prefix + "weights_proj.weight", shape.IndexHeads, shape.HiddenSize);
    }

    private void AddExperts(string prefix)
    {
        AddBf16Matrix(prefix + "gate.weight", shape.RoutedExperts, shape.HiddenSize);

        // The offset and the spread of the real biases: a large number whose small differences decide.
        Add(prefix + "gate.e_score_correction_bias", 1, shape.RoutedExperts, TensorKind.F32Vector, 10.16f, 0.04f);
        for (int expert = 0; expert < shape.RoutedExperts; expert++)
        {
            AddMlp($"{prefix}experts.{expert}.", shape.ExpertIntermediate);
        }

        AddMlp(prefix + "shared_experts.", shape.SharedExperts * shape.ExpertIntermediate);
    }

    private void AddMlp(string prefix, int intermediate)
    {
        AddMatrix(prefix + "gate_proj.weight", intermediate, shape.HiddenSize);
        AddMatrix(prefix + "up_proj.weight", intermediate, shape.HiddenSize);
        AddMatrix(prefix + "down_proj.weight", shape.HiddenSize, intermediate, ResidualScale);
    }

    private void AddMatrix(string name, int rows, int columns, float scale = 1) =>
        Add(name, rows, columns, TensorKind.Matrix, deviation: scale / MathF.Sqrt(columns));

    private void AddBf16Matrix(string name, int rows, int columns) =>
        Add(name, rows, columns, TensorKind.Bf16Matrix, deviation: 1 / MathF.Sqrt(columns));

    private void AddNorm(string name, int length) =>
        Add(name, 1, length, TensorKind.Vector, mean: 1, deviation: 0.05f);

    private void Add(string name, int rows, int columns, TensorKind kind, float mean = 0, float deviation = 0) =>
        _tensors.Add(new BenchTensor(name, rows, columns, kind, mean, deviation));
}
