using System.Numerics;

namespace Glm5.Core.Scheduling;

/// <summary>
/// How many drafts were verified and accepted since the start, by their place behind the last chosen token and by load: how
/// many sequences the step had.
/// </summary>
internal sealed class DraftCounts
{
    /// <summary>The longest chain of drafts.</summary>
    public const int Places = 7;

    /// <summary>One level of load for each power of two of sequences.</summary>
    public const int Levels = 16;

    private readonly long[] _verified = new long[Levels * Places];
    private readonly long[] _accepted = new long[Levels * Places];

    /// <summary>[levels, places] drafts verified, the first place first.</summary>
    public ReadOnlySpan<long> Verified => _verified;

    /// <summary>[levels, places] drafts accepted.</summary>
    public ReadOnlySpan<long> Accepted => _accepted;

    /// <summary>The level of a step of so many sequences.</summary>
    public static int LevelOf(int sequences) =>
        Math.Min(BitOperations.Log2((uint)Math.Max(1, sequences)), Levels - 1);

    /// <summary>Counts a sequence's drafts of a step of so many <paramref name="sequences"/>.</summary>
    public void Add(int verified, int accepted, int sequences)
    {
        int first = LevelOf(sequences) * Places;
        for (int place = first; place < first + verified; place++)
            _verified[place]++;
        for (int place = first; place < first + accepted; place++)
            _accepted[place]++;
    }
}
