using Glm5.Core.Sampling;

namespace Glm5.Core.Accelerator;

/// <summary>
/// Level 2 of the contract: the steps of a layer, which is what vendors fuse. Each has a default body in terms of
/// primitives, which is its definition; a backend overrides the core with a kernel and keeps the body for what does not
/// fit. Tensors returned live until the enclosing block ends. Equations: specification, section 3.
/// </summary>
public abstract partial class StepOps(DeviceMemory memory, ActivationArena arena) : PrimitiveOps(memory, arena)
{
    /// <summary>
    /// Hidden states to absorbed queries, writing the latent cache:
    /// latent = RmsNorm(x · q_a), [q_nope | q_pe] = latent · q_b, query = q_nope · W_UK, rope = RoPE(q_pe);
    /// cache row = [RmsNorm(ckv), RoPE(k_pe)] at the plan's slots. x [tokens, hidden].
    /// </summary>
    public MlaQuery MlaPrologue(AttentionWeights weights, Tensor x, StepPlan plan, KvStore kv)
    {
        Check("MlaPrologue", x, plan.Layout.TokenCount, weights.QueryDown.Columns);
        return MlaPrologueCore(weights, x, plan, kv);
    }

    /// <summary>
    /// The indexer: writes this step's index keys always, and fills <paramref name="selection"/> unless it is everything.
    /// x [tokens, hidden] is the layer's normed input, latent [tokens, q_lora] the prologue's.
    /// </summary>
    public void SelectTokens(
        AttentionWeights weights, Tensor x, Tensor latent, StepPlan plan, KvStore kv, Selection selection)
    {
        IndexerWeights indexer = weights.Indexer
            ?? throw new ShapeException($"SelectTokens: layer {weights.Layer} has no indexer, it shares an earlier selection");
        Check("SelectTokens", x, plan.Layout.TokenCount, indexer.Key.Columns);
        Check("SelectTokens", latent, plan.Layout.TokenCount, indexer.QueryUp.Columns);
        if (!selection.IsEverything)
            Check("SelectTokens", selection.Positions, plan.Layout.TokenCount, indexer.Dims.TopK);
        SelectTokensCore(weights, indexer, x, latent, plan, kv, selection);
        if (Trace is { } trace && !selection.IsEverything)
        {
            trace.Record(TracePoint.Selection, weights.Layer, selection.Positions);
            trace.InjectSelection(weights.Layer, selection.Positions);
        }
    }

    /// <summary>
    /// Softmax over the selected cached rows only, in latent space: [tokens, heads, latent],
    /// logit = (query · c + rope · k_pe) · (nope + rope)^-0.5.
    /// </summary>
    public Tensor SparseAttend(
        AttentionWeights weights, in MlaQuery query, StepPlan plan, KvStore kv, Selection selection)
    {
        Check("SparseAttend", query.Absorbed, plan.Layout.TokenCount, weights.Dims.Heads, weights.Dims.Latent);
        Check("SparseAttend", query.Rope, plan.Layout.TokenCount, weights.Dims.Heads, weights.Dims.Rope);
        return SparseAttendCore(weights, query, plan, kv, selection);
    }

    /// <summary>Latent results to this rank's share of the output: (attended · W_UVᵀ) · o_projᵀ. attended [tokens, heads, latent].</summary>
    public void MlaEpilogue(AttentionWeights weights, Tensor attended, PartialSum into)
    {
        Check("MlaEpilogue", attended, into.Tokens, weights.Dims.Heads, weights.Dims.Latent);
        MlaEpilogueCore(weights, attended, into);
    }

    /// <summary>
    /// Chooses experts: g = sigmoid(x · gateᵀ) in F32, the k largest of g + bias, weights from g without the bias,
    /// normalised and scaled. x [tokens, hidden].
    /// </summary>
    public Routes Route(MoeWeights weights, Tensor x)
    {
        Check("Route", x, x[0], weights.Router.Columns);
        Routes routes = RouteCore(weights, x);
        if (Trace is { } trace)
        {
            trace.Record(TracePoint.RouterExperts, weights.Layer, routes.Experts);
            trace.Record(TracePoint.RouterWeights, weights.Layer, routes.Weights);
            trace.InjectRoutes(weights.Layer, routes);
        }

        return routes;
    }

    /// <summary>
    /// This rank's share of Σ weight · expert(x) + shared(x), without exchange: of experts that are spread over ranks it
    /// runs those it holds. x [tokens, hidden].
    /// </summary>
    public void RunExperts(MoeWeights weights, Tensor x, Routes routes, PartialSum into)
    {
        Check("RunExperts", x, into.Tokens, weights.Experts.GateUp.Columns);
        Check("RunExperts", routes.Experts, into.Tokens, weights.ExpertsPerToken);
        RunExpertsCore(weights, x, routes, into);
    }

    /// <summary>Chooses one token a sequence: logits [sequences, vocab], which may be overwritten. Complete on return.</summary>
    public void Sample(Tensor logits, SampleBatch batch)
    {
        Check("Sample", logits, batch.Count, logits[1]);
        SampleCore(logits, batch);
    }

    /// <summary>
    /// Chooses tokens row by row for as long as they equal the drafts: logits [rows, vocab], which may be overwritten.
    /// A draft that is the draft layer's argmax is accepted with the probability the target gives it, and otherwise the
    /// target's own choice stands: rejection sampling, and with randomness keyed by position the very tokens of plain
    /// decoding. Complete on return.
    /// </summary>
    public void Verify(Tensor logits, SampleBatch batch)
    {
        Check("Verify", logits, batch.Rows, logits[1]);
        VerifyCore(logits, batch);
    }

    /// <summary>
    /// Scores tokens of prompts by the logits [score rows, vocab] in front of them, on the host. Complete on return.
    /// </summary>
    public void Score(Tensor logits, SampleBatch batch)
    {
        Check("Score", logits, batch.ScoreRows, logits[1]);
        for (int row = 0; row < batch.ScoreRows; row++)
            batch.Scores[row] = batch.Scorers[row].Score(DownloadRow(logits, row), batch.ScoredTokens[row]);
    }
}
