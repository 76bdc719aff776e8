using Glm5.Core.Accelerator;

namespace Glm5.Backends.Simulated;

/// <summary>
/// Exchange that moves nothing and costs its bytes over the link. Ranks do equal work, so none waits for another here: the
/// slowest of a step is found at its end. Only the barrier is real, because behind it ranks read what one has chosen.
/// </summary>
internal sealed class SimulatedCollectives(SimulatedGroup group, int rank, KernelClock clock) : Collectives
{
    private const double ActivationBytes = 2;

    /// <inheritdoc/>
    public override int Rank => rank;

    /// <inheritdoc/>
    public override int Size => group.Size;

    /// <inheritdoc/>
    public override void AllReduceSum(Tensor values) => clock.AllReduce(values.Count * ActivationBytes);

    /// <inheritdoc/>
    public override void AllGatherColumns(Tensor local, Tensor into) => clock.AllGather((double)into.Count * sizeof(float));

    /// <inheritdoc/>
    public override void AllGather(int mine, Span<int> all) => throw OneGroup();

    /// <inheritdoc/>
    public override void AllGatherRows(Tensor local, ReadOnlySpan<int> rows, Tensor into) => throw OneGroup();

    /// <inheritdoc/>
    public override void ReduceScatterRows(Tensor values, ReadOnlySpan<int> rows, Tensor into) => throw OneGroup();

    /// <inheritdoc/>
    public override void Broadcast(Span<int> values) => throw OneGroup();

    /// <inheritdoc/>
    public override void Barrier() => group.Arrive();

    /// <inheritdoc/>
    public override void Abort(string reason) => group.Abort($"rank {rank}: {reason}");

    private static InvalidOperationException OneGroup() => new("simulated ranks are threads of one process, in one group");
}
