using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference;

/// <summary>Experts spread over threads of one process: tokens and results are read where they are.</summary>
/// <param name="world">All ranks.</param>
/// <param name="offers">[ranks] what each offers; one array for all of them.</param>
/// <param name="rank">This rank.</param>
/// <param name="groups">Groups.</param>
internal sealed class InProcessExperts(CpuGroup world, Offer[] offers, int rank, int groups) : ExpertExchange
{
    private readonly Offer[] _ofGroups = new Offer[groups];
    private readonly nint[] _shown = new nint[world.Size];

    /// <inheritdoc/>
    public override int Rank => rank;

    /// <inheritdoc/>
    public override int Size => world.Size;

    /// <inheritdoc/>
    public override int Groups => groups;

    /// <inheritdoc/>
    /// <remarks>Each rank reads from the one in its own place of the other groups: no rank's memory is read by all.</remarks>
    public override ReadOnlySpan<Offer> Dispatch(Tensor x, Routes routes)
    {
        offers[rank] = new Offer(
            x.Address, x.Stride(0), routes.Experts.Address, routes.Weights.Address, (int)x[0]);
        world.Arrive();
        int ranksPerGroup = Size / groups;
        for (int g = 0; g < groups; g++)
            _ofGroups[g] = offers[(g * ranksPerGroup) + (rank % ranksPerGroup)];
        return _ofGroups;
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<nint> Show(Tensor results, ReadOnlySpan<int> rows, long width)
    {
        world.Publish(rank, new Published(results.Address, width));
        world.Arrive();
        for (int r = 0; r < _shown.Length; r++)
            _shown[r] = world.Published[r].Address;
        return _shown;
    }

    /// <inheritdoc/>
    public override void Release() => world.Arrive();
}
