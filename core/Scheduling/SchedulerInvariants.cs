using System.Diagnostics;

namespace Glm5.Core.Scheduling;

/// <summary>
/// What must hold between any two steps. Checked by tests after every event, and in Debug whenever the engine rests.
/// </summary>
internal static class SchedulerInvariants
{
    /// <summary>Throws with the first thing that is not as it must be.</summary>
    public static void Check(Scheduler scheduler)
    {
        BlockInvariants.Check(scheduler.Pool, scheduler.Running);
        EverySequenceIsWhereItSays(scheduler);
    }

    /// <summary>Checks where the build is for debugging.</summary>
    [Conditional("DEBUG")]
    public static void CheckInDebug(Scheduler scheduler) => Check(scheduler);


    private static void EverySequenceIsWhereItSays(Scheduler scheduler)
    {
        long latest = -1;
        foreach (Sequence sequence in scheduler.Running)
        {
            if (sequence.State == SequenceState.Ended)
                continue;
            Require(sequence.State == SequenceState.Running, $"sequence {sequence.Arrival} runs as {sequence.State}");
            Require(sequence.Remaining >= 0, $"sequence {sequence.Arrival} is ahead of itself");
            Require(sequence.Known < sequence.Limit, $"sequence {sequence.Arrival} runs beyond its limit");
            InOrder(sequence, ref latest);
        }

        for (Sequence? sequence = scheduler.Waiting.First; sequence is not null; sequence = sequence.Next)
        {
            Require(sequence.State == SequenceState.Waiting, $"sequence {sequence.Arrival} waits as {sequence.State}");
            Require(sequence is { BlockCount: 0, Computed: 0 }, $"sequence {sequence.Arrival} waits with blocks");
            InOrder(sequence, ref latest);
        }
    }

    private static void InOrder(Sequence sequence, ref long latest)
    {
        Require(sequence.Arrival > latest, $"sequence {sequence.Arrival} stands behind {latest}, which arrived later");
        latest = sequence.Arrival;
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidOperationException($"the scheduler is inconsistent: {otherwise}");
    }
}
