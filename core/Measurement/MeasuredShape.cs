using Glm5.Core.Accelerator;

namespace Glm5.Core.Measurement;

/// <summary>The sizes of a mixture-of-experts layer that is measured.</summary>
/// <param name="Name">For people.</param>
/// <param name="Hidden">hidden_size.</param>
/// <param name="Attention">Sizes of attention, all heads on one device.</param>
/// <param name="Indexer">Sizes of the indexer.</param>
/// <param name="Experts">n_routed_experts.</param>
/// <param name="ExpertsPerToken">num_experts_per_tok.</param>
/// <param name="Inner">moe_intermediate_size.</param>
public sealed record MeasuredShape(
    string Name, int Hidden, AttentionDims Attention, IndexerDims Indexer, int Experts, int ExpertsPerToken, int Inner)
{
    /// <summary>GLM-5's own (specification, section 1).</summary>
    public static MeasuredShape Glm5 { get; } = new(
        "GLM-5", 6144, new AttentionDims(64, 192, 64, 256, 2048, 512, 1e6f, true, 1e-5f),
        new IndexerDims(32, 128, 64, 2048, true), 256, 8, 2048);

    /// <summary>A hundredth of it, to try a measurement out: its figures say nothing about GLM-5.</summary>
    public static MeasuredShape Small { get; } = new(
        "small", 256, new AttentionDims(8, 48, 16, 64, 128, 128, 1e6f, true, 1e-5f), new IndexerDims(4, 64, 16, 64, true), 8, 2, 128);

    /// <summary>
    /// Experts that a step of so many tokens reads when routes are uniform: n · (1 − (1 − k/n)^tokens).
    /// </summary>
    public double DistinctExperts(long tokens) =>
        Experts * (1 - Math.Pow(1 - ((double)ExpertsPerToken / Experts), tokens));
}

/// <summary>One measurement: what a step computes.</summary>
/// <param name="Sequences">Sequences of the step.</param>
/// <param name="TokensEach">Tokens of each: 1 decodes, more are a chunk of a prompt.</param>
/// <param name="Context">Tokens of each sequence after the step.</param>
public readonly record struct MeasuredStep(int Sequences, int TokensEach, int Context)
{
    /// <summary>Tokens in all.</summary>
    public int Tokens => Sequences * TokensEach;

    /// <summary>In words.</summary>
    public override string ToString() => TokensEach == 1
        ? $"decode, {Sequences} x 1 token at {Context:N0}"
        : $"prompt chunk, {Sequences} x {TokensEach:N0} tokens up to {Context:N0}";
}
