namespace Glm5.Core.Model;

/// <summary>
/// How much activation memory a step of a given size needs on one rank: an upper bound by counting what the default
/// bodies hold at once, the largest of attention, network and head. Overrides hold less.
/// </summary>
public static class ArenaSize
{
    /// <summary>Tensors are aligned, and a step holds some tens of them.</summary>
    private const long Slack = 4 << 20;

    /// <summary>Addends a rank may keep apart in an unreduced sum.</summary>
    private const long Addends = 8;

    /// <summary>Bytes for steps of <paramref name="tokens"/> tokens and <paramref name="rows"/> rows of logits, over
    /// contexts of at most <paramref name="context"/> tokens.</summary>
    public static long Bytes(ModelConfig config, long tokens, long rows, long context)
    {
        long hidden = config.HiddenSize, heads = config.HeadCount;
        long held = tokens * ((2 * hidden) + (Addends * hidden) + config.IndexTopK);
        long attention = (tokens * ((2 * config.QLoraRank) + (heads * AttentionWidth(config))
            + config.KvLoraRank + config.QkRopeHeadDim + ((long)config.IndexHeadCount * (config.IndexHeadDim + 2))))
            + (context * (config.KvLoraRank + config.QkRopeHeadDim + config.IndexHeadDim + config.IndexHeadCount + heads + 2))
            + ((long)config.IndexTopK * (config.KvLoraRank + config.QkRopeHeadDim + heads));
        long pairs = tokens * config.ExpertsPerToken;
        long experts = (pairs * ((3 * hidden) + (3L * config.MoeIntermediateSize) + 4))
            + (tokens * ((3L * config.RoutedExpertCount) + hidden + (3L * config.MoeIntermediateSize)));
        long dense = tokens * 3L * config.IntermediateSize;
        long head = rows * (hidden + (2L * config.VocabSize));
        long draft = tokens * 5 * hidden;
        long most = Math.Max(Math.Max(attention, experts), Math.Max(dense, draft));
        return ((held + most + head + (rows * config.VocabSize)) * sizeof(float)) + Slack;
    }

    /// <summary>
    /// Bytes beyond those when the draft layer runs behind a step: the main model's hidden states and logits stay, its
    /// input is gathered from them, and a state of each sequence is carried along the chain.
    /// </summary>
    public static long DraftBytes(ModelConfig config, long tokens, long rows, long sequences) =>
        ((tokens * ((2L * config.HiddenSize) + 2))
            + (rows * config.VocabSize)
            + (sequences * ((long)config.HiddenSize + 1))) * sizeof(float);

    private static long AttentionWidth(ModelConfig config) =>
        config.QkNopeHeadDim + (3L * config.QkRopeHeadDim) + (3L * config.KvLoraRank) + config.VHeadDim;
}
