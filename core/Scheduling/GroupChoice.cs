namespace Glm5.Core.Scheduling;

/// <summary>
/// Which group takes a new sequence. Where some have room for it behind those that wait there, only those count; then the one that has most of its
/// prompt in the prefix cache, the host's part included, among equals the one with the fewest sequences, then the lowest. A
/// prompt that all requests begin with must not gather them in one group: where that one has more than its part, a match does
/// not count.
/// </summary>
internal static class GroupChoice
{
    /// <summary>A group may have this many sequences more than the least loaded one, for the sake of matches.</summary>
    private const int MostAhead = 4;

    /// <summary>Or half as many again.</summary>
    private const double MostRatio = 1.5;

    /// <summary>The group for a sequence that has not been scheduled yet.</summary>
    public static EngineGroup Choose(ReadOnlySpan<EngineGroup> groups, Sequence sequence)
    {
        if (groups.Length == 1)
            return groups[0];
        int least = int.MaxValue;
        foreach (EngineGroup group in groups)
            least = Math.Min(least, group.Load);

        EngineGroup chosen = groups[0];
        (bool Begins, int Matched) best = (false, -1);
        foreach (EngineGroup group in groups)
        {
            (int matched, bool begins) = sequence.MatchIn(group);
            bool hasMore = group.Load > least + MostAhead && group.Load > least * MostRatio;
            (bool Begins, int Matched) offer = (begins, hasMore ? 0 : matched);
            int order = offer.CompareTo(best);
            if (order > 0 || (order == 0 && group.Load < chosen.Load))
                (chosen, best) = (group, offer);
        }

        return chosen;
    }
}
