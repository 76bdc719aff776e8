using Glm5.Backends.Ascend;
using Glm5.Core.Accelerator;

namespace Glm5.Tests.Unit.Ascend;

/// <summary>Ranks wait for each other, and for nobody who has stopped the group.</summary>
[TestClass]
public sealed class RankMeetingTests
{
    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public void Nobody_passes_before_all_are_there()
    {
        const int Ranks = 3, Rounds = 200;
        var meeting = new RankMeeting(Ranks);
        var counts = new int[Rounds];
        int early = 0;
        Thread[] threads = [.. Enumerable.Range(0, Ranks).Select(_ => new Thread(() =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                Interlocked.Increment(ref counts[round]);
                meeting.Arrive();
                if (Volatile.Read(ref counts[round]) != Ranks)
                    Interlocked.Increment(ref early);
            }
        }))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.AreEqual(0, early);
    }

    [TestMethod]
    [Timeout(30_000, CooperativeCancellation = true)]
    public void A_stop_wakes_who_waits_and_refuses_who_comes_later()
    {
        var meeting = new RankMeeting(2);
        Exception? woken = null;
        var waiting = new Thread(() => woken = Assert.ThrowsExactly<AcceleratorException>(meeting.Arrive));
        waiting.Start();
        meeting.Abort("rank 1: the device is lost");
        meeting.Abort("a later reason");
        waiting.Join();
        Assert.Contains("rank 1: the device is lost", woken!.Message);
        Assert.Contains("the device is lost", Assert.ThrowsExactly<AcceleratorException>(meeting.Arrive).Message);
    }
}
