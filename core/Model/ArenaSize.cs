namespace Glm5.Core.Model;

/// <summary>
/// How much activation memory a step of a given size needs on one rank: an upper bound by counting what the bodies hold at
/// once, the largest of attention, network, head and draft. Default bodies hold products side by side; kernels hold packed
/// rows instead, padded as <see cref="RowPadding"/> allows them. A test runs full steps against it.
/// </summary>
public static class ArenaSize
{
    /// <summary>Part of the bound: tensors are aligned, and a step holds some tens of them.</summary>
    public const long Slack = 4 << 20;

    /// <summary>Addends a rank may keep apart in an unreduced sum.</summary>
    private const long Addends = 8;

    /// <summary>
    /// What a kernel may add to each row that it packs, in floats: every addend's stretch and the row itself rounded up to
    /// two of the widest vectors, and the row's addresses and weight.
    /// </summary>
    private const long RowPadding = ((Addends + 1) * 2 * 16) + 8;

    private const long TileBytes = 16 << 20;

    private const long LeastTile = 64;

    /// <summary>Bytes for steps of <paramref name="tokens"/> tokens and <paramref name="rows"/> rows of logits, over
    /// contexts of at most <paramref name="context"/> tokens.</summary>
    public static long Bytes(ModelConfig config, long tokens, long rows, long context)
    {
        long hidden = config.HiddenSize;
        long held = tokens * ((2 * hidden) + (Addends * hidden) + config.IndexTopK);
        long experts = (tokens * config.ExpertsPerToken * Network(3 * hidden, config.MoeIntermediateSize))
            + (tokens * (Network(hidden, config.SharedIntermediateSize) + (3L * config.RoutedExpertCount)));
        long dense = tokens * Network(hidden, config.IntermediateSize);
        long head = rows * (hidden + (2L * config.VocabSize));
        long draft = tokens * 5 * hidden;
        long most = Math.Max(Math.Max(Attention(config, tokens, context), experts), Math.Max(dense, draft));
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

    /// <summary>
    /// Bytes beyond those when routed experts are spread over the ranks of <paramref name="groups"/> groups: in the worst case
    /// one rank has all tokens of all of them, and keeps each result apart for as many columns as
    /// <see cref="TileColumns"/> says.
    /// </summary>
    public static long SpreadBytes(ModelConfig config, long tokens, long groups)
    {
        long all = tokens * groups, pairs = all * config.ExpertsPerToken, hidden = config.HiddenSize;
        long rows = pairs * (Network(3 * hidden, config.MoeIntermediateSize) + 8);
        long gathered = all * ((2 * hidden) + (2L * config.ExpertsPerToken) + (3L * config.RoutedExpertCount));
        long results = Addends * pairs * TileColumns(pairs, hidden);
        return (rows + gathered + Math.Max(results, Addends * all * hidden)) * sizeof(float);
    }

    /// <summary>
    /// Columns of spread experts' results that are exchanged at once: as many as <see cref="TileBytes"/> hold of all pairs,
    /// and no fewer than make a kernel worth its start. Equal on every rank.
    /// </summary>
    public static long TileColumns(long pairs, long hidden)
    {
        long columns = TileBytes / (Addends * Math.Max(1, pairs) * sizeof(float)) / LeastTile * LeastTile;
        return Math.Clamp(columns, Math.Min(LeastTile, hidden), hidden);
    }

    private static long Attention(ModelConfig config, long tokens, long context)
    {
        long heads = config.HeadCount, row = config.KvLoraRank + config.QkRopeHeadDim;
        long perToken = (2L * config.QLoraRank) + (heads * AttentionWidth(config)) + row + RowPadding
            + ((long)config.IndexHeadCount * (config.IndexHeadDim + 2));
        long perPosition = row + config.IndexHeadDim + config.IndexHeadCount + heads + 2;
        return (tokens * perToken) + (context * perPosition) + (config.IndexTopK * (row + heads));
    }

    /// <summary>A row's way through a gated network: its inputs and results, gate, up and their product.</summary>
    private static long Network(long inputs, long inner) => inputs + (3 * inner) + RowPadding;

    private static long AttentionWidth(ModelConfig config) =>
        config.QkNopeHeadDim + (3L * config.QkRopeHeadDim) + (3L * config.KvLoraRank) + config.VHeadDim;
}
