using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference;

/// <summary>Connects the ranks of one process: within each group, across the groups, and all that share the experts.</summary>
internal static class InProcessRanks
{
    /// <summary>The exchange of every rank, group by group.</summary>
    public static CpuCollectives[] Of(DeviceRequest request)
    {
        var poison = new Poison();
        var world = new CpuGroup(request.TotalRanks, poison);
        var offers = new Offer[request.TotalRanks];
        CpuGroup[] within = Groups(request.Groups, request.Ranks, poison);
        CpuGroup[] across = Groups(request.Ranks, request.Groups, poison);
        var ranks = new CpuCollectives[request.TotalRanks];
        for (int r = 0; r < ranks.Length; r++)
        {
            int group = r / request.Ranks, place = r % request.Ranks;
            InProcessCollectives? peers = request.Groups > 1 ? new InProcessCollectives(across[place], group) : null;
            ranks[r] = new InProcessCollectives(
                within[group], place, peers, new InProcessExperts(world, offers, r, request.Groups));
        }

        return ranks;
    }

    private static CpuGroup[] Groups(int count, int size, Poison poison)
    {
        var groups = new CpuGroup[count];
        for (int g = 0; g < count; g++)
            groups[g] = new CpuGroup(size, poison);
        return groups;
    }
}
