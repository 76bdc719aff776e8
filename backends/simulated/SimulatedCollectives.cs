using Glm5.Core.Accelerator;

namespace Glm5.Backends.Simulated;

/// <summary>
/// Exchange that moves no values and costs their bytes over the link. Ranks of a group do equal work, so none waits for
/// another there; those of different groups have tokens of their own and meet in earnest where they tell their counts,
/// which is as late as the latest of them comes.
/// </summary>
/// <param name="ranks">All ranks.</param>
/// <param name="group">Those that this exchange is between.</param>
/// <param name="rank">This rank among them.</param>
/// <param name="name">How a reason names the rank.</param>
/// <param name="clock">The rank's clock.</param>
/// <param name="across">Exchange with the peers in other groups; null where there is one group.</param>
internal sealed class SimulatedCollectives(
    SimulatedRanks ranks, SimulatedGroup group, int rank, string name, KernelClock clock, SimulatedCollectives? across = null)
    : Collectives
{
    private const double ActivationBytes = 2;

    private readonly int[] _brought = new int[group.Size];

    /// <inheritdoc/>
    public override int Rank => rank;

    /// <inheritdoc/>
    public override int Size => group.Size;

    /// <inheritdoc/>
    public override Collectives? Across => across;

    /// <inheritdoc/>
    public override void AllReduceSum(Tensor values) => clock.AllReduce(values.Count * ActivationBytes, Size);

    /// <inheritdoc/>
    public override void AllGatherColumns(Tensor local, Tensor into) =>
        clock.AllGather((double)into.Count * sizeof(float), Size);

    /// <inheritdoc/>
    public override void AllGather(int mine, Span<int> all) => clock.WaitUntil(group.Meet(rank, mine, clock.Seconds, all));

    /// <inheritdoc/>
    public override void AllGatherRows(Tensor local, ReadOnlySpan<int> rows, Tensor into) =>
        clock.Exchange((into.Count - local.Count) * ActivationBytes, Size);

    /// <inheritdoc/>
    public override void ReduceScatterRows(Tensor values, ReadOnlySpan<int> rows, Tensor into) =>
        clock.Exchange((values.Count - into.Count) * ActivationBytes, Size);

    /// <inheritdoc/>
    public override void Broadcast(Span<int> values)
    {
        foreach (ref int value in values)
        {
            AllGather(value, _brought);
            value = _brought[0];
        }
    }

    /// <inheritdoc/>
    public override void Barrier() => group.Arrive();

    /// <inheritdoc/>
    public override void Abort(string reason) => ranks.Abort($"{name}: {reason}");
}
