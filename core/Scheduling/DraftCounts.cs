namespace Glm5.Core.Scheduling;

/// <summary>
/// How many drafts were verified and accepted since the start, by their place behind the last chosen token.
/// </summary>
internal sealed class DraftCounts
{
    /// <summary>The longest chain of drafts.</summary>
    public const int Places = 7;

    private readonly long[] _verified = new long[Places];
    private readonly long[] _accepted = new long[Places];

    /// <summary>[places] drafts verified, the first place first.</summary>
    public ReadOnlySpan<long> Verified => _verified;

    /// <summary>[places] drafts accepted.</summary>
    public ReadOnlySpan<long> Accepted => _accepted;

    /// <summary>Counts a sequence's drafts of a step.</summary>
    public void Add(int verified, int accepted)
    {
        for (int place = 0; place < verified; place++)
            _verified[place]++;
        for (int place = 0; place < accepted; place++)
            _accepted[place]++;
    }
}
