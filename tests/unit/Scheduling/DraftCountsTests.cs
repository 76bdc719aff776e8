using Glm5.Core.Scheduling;

namespace Glm5.Tests.Unit.Scheduling;

/// <summary>What becomes of drafts, by place and load.</summary>
[TestClass]
public sealed class DraftCountsTests
{
    [TestMethod]
    public void Drafts_are_counted_at_the_load_of_their_step()
    {
        var counts = new DraftCounts();
        counts.Add(verified: 3, accepted: 1, sequences: 1);
        counts.Add(verified: 2, accepted: 2, sequences: 5);
        counts.Add(verified: 1, accepted: 0, sequences: 7);
        counts.Add(verified: 0, accepted: 0, sequences: 1_000_000);
        Assert.AreEqual("1 1 1", Row(counts.Verified, level: 0));
        Assert.AreEqual("1 0 0", Row(counts.Accepted, level: 0));
        Assert.AreEqual("2 1 0", Row(counts.Verified, level: 2));
        Assert.AreEqual("1 1 0", Row(counts.Accepted, level: 2));
        Assert.AreEqual(6, counts.Verified.ToArray().Sum());
    }

    private static string Row(ReadOnlySpan<long> counts, int level) =>
        string.Join(' ', counts.Slice(level * DraftCounts.Places, 3).ToArray());
}
