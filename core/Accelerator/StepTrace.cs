namespace Glm5.Core.Accelerator;

/// <summary>
/// Watches the values of a step: golden tests and <c>verify</c> attach one. A backend that fuses past a point does not
/// report it. Attached traces may synchronise the device; without one, nothing is done.
/// </summary>
public abstract class StepTrace
{
    /// <summary>Receives a value while it is alive; it must be copied to be kept.</summary>
    /// <param name="point">What it is.</param>
    /// <param name="layer">The layer it belongs to; the layer count for values after the last.</param>
    /// <param name="value">The value, on the device.</param>
    public abstract void Record(TracePoint point, int layer, Tensor value);

    /// <summary>Offers to replace a layer's token selection; true when <paramref name="positions"/> was overwritten.
    /// How selections are forced when arithmetics are compared that round differently.</summary>
    public virtual bool InjectSelection(int layer, Tensor positions) => false;

    /// <summary>Offers to replace a layer's routes; true when they were overwritten.</summary>
    public virtual bool InjectRoutes(int layer, Routes routes) => false;
}

/// <summary>The values that can be watched; names as in the golden data.</summary>
public enum TracePoint
{
    /// <summary>Residual stream before a layer: [tokens, hidden].</summary>
    Hidden,

    /// <summary>After the final norm: [tokens, hidden].</summary>
    FinalNorm,

    /// <summary>Attention before o_proj, this rank's heads: [tokens, heads · v].</summary>
    AttentionOut,

    /// <summary>Index scores of one token over the positions it sees: [1, position + 1]; one call a token, in order.</summary>
    IndexScores,

    /// <summary>Selected positions: [tokens, index_topk].</summary>
    Selection,

    /// <summary>Chosen experts: [tokens, k] I32.</summary>
    RouterExperts,

    /// <summary>Their weights: [tokens, k].</summary>
    RouterWeights,

    /// <summary>The draft layer's input after eh_proj: [tokens, hidden].</summary>
    DraftInput,

    /// <summary>The draft layer's output before shared_head.norm: [tokens, hidden].</summary>
    DraftOutput,
}
