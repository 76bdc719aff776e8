namespace Glm5.Backends.Simulated;

/// <summary>
/// All simulated ranks, group by group: those of a group meet each other, and where there are several groups each rank
/// meets those that have its place in the others.
/// </summary>
internal sealed class SimulatedRanks
{
    private readonly SimulatedGroup[] _groups, _across;

    /// <summary>So many groups of so many ranks.</summary>
    public SimulatedRanks(int size, int groups)
    {
        Size = size;
        _groups = Meetings(groups, size);
        _across = groups > 1 ? Meetings(size, groups) : [];
    }

    /// <summary>Ranks of a group.</summary>
    public int Size { get; }

    /// <summary>The group of a rank, counted over all.</summary>
    public SimulatedGroup GroupOf(int rank) => _groups[rank / Size];

    /// <summary>Where a rank meets its peers in the other groups; null where there is one group.</summary>
    public SimulatedGroup? AcrossOf(int rank) => _across.Length == 0 ? null : _across[rank % Size];

    /// <summary>Stops all of them; the first reason stands.</summary>
    public void Abort(string reason)
    {
        foreach (SimulatedGroup group in _groups)
            group.Abort(reason);
        foreach (SimulatedGroup across in _across)
            across.Abort(reason);
    }

    private static SimulatedGroup[] Meetings(int count, int size)
    {
        var meetings = new SimulatedGroup[count];
        for (int i = 0; i < count; i++)
            meetings[i] = new SimulatedGroup(size);
        return meetings;
    }
}
