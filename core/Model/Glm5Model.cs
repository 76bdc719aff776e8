using Glm5.Core.Accelerator;

namespace Glm5.Core.Model;

/// <summary>
/// GLM-5 on one rank: embedding, decoder layers, final norm, head (specification, section 3). Written once, over the
/// blocks of the contract; every backend runs this text.
/// </summary>
public sealed class Glm5Model(ModelConfig config, ModelWeights weights, IAccelerator accelerator)
{
    private readonly BlockOps _ops = accelerator.Ops;
    private readonly float _epsilon = config.RmsNormEps;

    /// <summary>The draft layer where it takes a selection as it is.</summary>
    private readonly DecoderLayer? _chainedDraft = weights.Draft is { Layer: var layer }
        ? layer with { Attention = layer.Attention with { Indexer = null } }
        : null;

    /// <summary>index_topk.</summary>
    public int IndexTopK => config.IndexTopK;

    /// <summary>True where chained drafts attend to what the first of them chose (specification 4.5).</summary>
    public bool SharesDraftChoice => config.IndexShareForMtpIteration;

    /// <summary>
    /// Computes a step: writes this step's rows of both caches and returns the hidden states after the final norm and the
    /// logits of the rows that want them. Both live in the caller's arena scope.
    /// </summary>
    public ForwardResult Forward(StepPlan plan, KvStore kv)
    {
        ForwardResult result = NewResult(plan.Layout);
        Run(plan, kv, result);
        return result;
    }

    /// <summary>True when every token of a step attends to all it can see: such steps run other operations than longer ones.</summary>
    public bool SelectsEverything(StepLayout layout) => layout.LongestContext <= config.IndexTopK;

    /// <summary>Room for what <see cref="Run"/> leaves behind, in the caller's arena scope.</summary>
    public ForwardResult NewResult(StepLayout layout) => new()
    {
        Hidden = _ops.Arena.Take(ElementType.F32, layout.TokenCount, config.HiddenSize),
        Logits = NewLogits(layout.LogitRowCount),
    };

    /// <summary><see cref="Forward"/> into room that was taken before: what is captured and replayed.</summary>
    public void Run(StepPlan plan, KvStore kv, ForwardResult result)
    {
        long tokens = plan.Layout.TokenCount;
        Tensor normed = result.Hidden, logits = result.Logits;
        using ActivationArena.Scope scope = _ops.Arena.Open();
        Tensor residual = _ops.Arena.Take(ElementType.F32, tokens, config.HiddenSize);
        Selection selection = NewSelection(plan.Layout);

        _ops.Embed(weights.Embedding, plan.TokenIds, residual);
        _ops.RmsNorm(residual, weights.Layers[0].InputNorm, _epsilon, normed);
        for (int l = 0; l < weights.Layers.Length; l++)
        {
            _ops.Trace?.Record(TracePoint.Hidden, l, residual);
            PackedWeight next = l + 1 < weights.Layers.Length ? weights.Layers[l + 1].InputNorm : weights.FinalNorm;
            weights.Layers[l].Run(_ops, plan, kv, selection, residual, normed, next, _epsilon);
        }

        _ops.Trace?.Record(TracePoint.Hidden, weights.Layers.Length, residual);
        _ops.Trace?.Record(TracePoint.FinalNorm, weights.Layers.Length, normed);
        Head(normed, plan, logits);
    }

    /// <summary>
    /// Computes the draft layer (specification, section 4) for the plan's positions. Slot i takes the token after it,
    /// <paramref name="nextTokens"/> [tokens] I32, and <paramref name="hidden"/> [tokens, hidden]: the main model's state
    /// after the final norm, or in a chain the draft's own <see cref="ForwardResult.Hidden"/>.
    /// </summary>
    public ForwardResult Draft(StepPlan plan, KvStore kv, Tensor nextTokens, Tensor hidden) =>
        Draft(plan, kv, nextTokens, hidden, NewSelection(plan.Layout), chooses: true);

    /// <summary>
    /// The same with a selection that the layer chooses, or takes as it is; then it leaves no index keys behind.
    /// </summary>
    public ForwardResult Draft(
        StepPlan plan, KvStore kv, Tensor nextTokens, Tensor hidden, Selection selection, bool chooses)
    {
        DraftWeights draft = weights.Draft ?? throw new InvalidOperationException("the checkpoint has no draft layer");
        long tokens = plan.Layout.TokenCount;
        Tensor normed = _ops.Arena.Take(ElementType.F32, tokens, config.HiddenSize);
        Tensor logits = NewLogits(plan.Layout.LogitRowCount);
        using ActivationArena.Scope scope = _ops.Arena.Open();
        Tensor residual = _ops.Arena.Take(ElementType.F32, tokens, config.HiddenSize);

        DraftInput(draft, nextTokens, hidden, residual);
        _ops.Trace?.Record(TracePoint.DraftInput, config.LayerCount, residual);
        _ops.RmsNorm(residual, draft.Layer.InputNorm, _epsilon, normed);
        DecoderLayer block = chooses ? draft.Layer : _chainedDraft!;
        block.Run(_ops, plan, kv, selection, residual, normed, draft.HeadNorm, _epsilon);
        _ops.Trace?.Record(TracePoint.DraftOutput, config.LayerCount, residual);
        Head(normed, plan, logits);
        return new ForwardResult { Hidden = normed, Logits = logits };
    }

    /// <summary>eh_proj([enorm(embedding), hnorm(hidden)]): the embedding half comes first.</summary>
    private void DraftInput(DraftWeights draft, Tensor nextTokens, Tensor hidden, Tensor into)
    {
        using ActivationArena.Scope scope = _ops.Arena.Open();
        Tensor embedded = _ops.Arena.Take(ElementType.F32, hidden[0], hidden[1]);
        Tensor state = _ops.Arena.Take(ElementType.F32, hidden[0], hidden[1]);
        Tensor joined = _ops.Arena.Take(ElementType.F32, hidden[0], 2 * hidden[1]);
        _ops.Embed(weights.Embedding, nextTokens, embedded);
        _ops.RmsNorm(embedded, draft.EmbeddingNorm, _epsilon, embedded);
        _ops.RmsNorm(hidden, draft.HiddenNorm, _epsilon, state);
        _ops.Concat(embedded, state, joined);
        _ops.MatMul(joined, draft.Join, into);
    }

    /// <summary>Logits of the wanted rows; each rank computes its part of the vocabulary and all receive the whole.</summary>
    private void Head(Tensor normed, StepPlan plan, Tensor logits)
    {
        if (logits.IsEmpty)
            return;
        using ActivationArena.Scope scope = _ops.Arena.Open();
        Tensor rows = _ops.Arena.Take(ElementType.F32, logits[0], config.HiddenSize);
        _ops.GatherRows(normed, plan.LogitRows, rows);
        if (accelerator.Collectives.Size == 1)
        {
            _ops.MatMul(rows, weights.Head, logits);
            return;
        }

        Tensor share = _ops.Arena.Take(ElementType.F32, logits[0], weights.Head.Rows);
        _ops.MatMul(rows, weights.Head, share);
        accelerator.Collectives.AllGatherColumns(share, logits);
    }

    private Tensor NewLogits(int rows) => rows == 0 ? default : _ops.Arena.Take(ElementType.F32, rows, config.VocabSize);

    /// <summary>Room in the caller's arena scope for what a step's tokens attend to.</summary>
    public Selection NewSelection(StepLayout layout) => SelectsEverything(layout)
        ? Selection.Everything
        : new Selection(_ops.Arena.Take(ElementType.I32, layout.TokenCount, config.IndexTopK));
}

/// <summary>What a forward pass leaves behind.</summary>
public readonly ref struct ForwardResult
{
    /// <summary>[tokens, hidden] after the final norm (of the draft layer: after shared_head.norm).</summary>
    public required Tensor Hidden { get; init; }

    /// <summary>[rows, vocab] of the rows that wanted them; empty when none did.</summary>
    public required Tensor Logits { get; init; }
}
