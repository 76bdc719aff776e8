using Glm5.Core.Accelerator;

namespace Glm5.Backends.Simulated;

/// <summary>
/// Experts, sliced or spread whole. Those that a rank holds are met as if tokens chose them evenly and independently; a
/// token of another group travels to the ranks that hold one of its experts, and what they made of it travels back.
/// </summary>
internal sealed partial class SimulatedOps
{
    private const int NotCounted = -1;

    private long _passRows = NotCounted;
    private double _passTokens;

    /// <inheritdoc/>
    protected override void MoeCore(MoeWeights weights, Tensor x, PartialSum into)
    {
        Routes routes = Route(weights, x);
        if (weights.Held is not null && Collectives.Across is { } across)
            RunAcross(across, weights, x);
        else
            RunExperts(weights, x, routes, into);
    }

    /// <inheritdoc/>
    protected override void RunExpertsCore(MoeWeights weights, Tensor x, Routes routes, PartialSum into)
    {
        RunRouted(weights, x[0], x[1]);
        if (weights.Shared is { } shared)
            RunShared(shared, x[0]);
    }

    private void RunAcross(Collectives across, MoeWeights weights, Tensor x)
    {
        double mine = x[0], everybodys = TokensOfPass(across, x[0]), hidden = x[1];
        double ranks = across.Size * Collectives.Size;
        double travels = 1 - Math.Pow(1 - (1 / ranks), weights.ExpertsPerToken);
        double tokens = travels * Math.Max(mine * (across.Size - 1), everybodys - mine);
        clock.Exchange(
            tokens * ((hidden * ActivationBytes) + (weights.ExpertsPerToken * (sizeof(int) + sizeof(float)))), across.Size);
        RunRouted(weights, everybodys, hidden);
        clock.Exchange(tokens * hidden * ActivationBytes, across.Size);
        if (weights.Shared is { } shared)
            RunShared(shared, x[0]);
    }

    /// <summary>
    /// Tokens of all groups. They are the same for every layer of a pass, so ranks meet once a pass: the one that comes last
    /// to its first layer with experts is the last in the layers behind it too, for they do the same over and over.
    /// </summary>
    private double TokensOfPass(Collectives across, long mine)
    {
        if (_passRows == NotCounted)
        {
            Span<int> rows = stackalloc int[across.Size];
            across.AllGather((int)mine, rows);
            (_passRows, _passTokens) = (mine, 0);
            foreach (int count in rows)
                _passTokens += count;
        }

        return _passRows == mine
            ? _passTokens
            : throw new InvalidOperationException($"a pass has {_passRows} tokens in one layer and {mine} in another");
    }

    /// <summary>The experts that are here, for so many tokens, of which each reaches some.</summary>
    private void RunRouted(MoeWeights weights, double tokens, double hidden)
    {
        double all = weights.Router.Rows, here = weights.Experts.GateUp.Groups;
        double met = here * (1 - Math.Pow(1 - (weights.ExpertsPerToken / all), tokens));
        double rows = tokens * weights.ExpertsPerToken * here / all;
        double inner = weights.Experts.Down.Columns;
        // Sorting the rows by expert.
        clock.Kernel(KernelKind.Experts, (tokens + rows) * hidden * ActivationBytes);
        ProductPerExpert(weights.Experts.GateUp, rows, met);
        clock.Kernel(KernelKind.Experts, rows * 3 * inner * ActivationBytes);
        ProductPerExpert(weights.Experts.Down, rows, met);
        // The weighted sum of each token's results.
        clock.Kernel(KernelKind.Experts, (tokens + rows) * hidden * ActivationBytes);
    }

    private void RunShared(MlpWeights shared, long tokens)
    {
        Product(KernelKind.Experts, tokens, shared.GateUp);
        clock.Kernel(KernelKind.Experts, (double)tokens * 3 * shared.Down.Columns * ActivationBytes);
        Product(KernelKind.Experts, tokens, shared.Down);
    }
}
