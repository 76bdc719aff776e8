using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Glm5.Core.Scheduling;

/// <summary>
/// What must hold between any two steps: blocks are conserved and have the owners that they count, published prefixes
/// can be found, every sequence is where it says, the queue's order and bounds hold, and a prepared step is within its
/// budget. Checked by tests after every event, and in Debug whenever the engine rests.
/// </summary>
internal static class SchedulerInvariants
{
    /// <summary>Throws with the first thing that is not as it must be.</summary>
    /// <param name="scheduler">Between two steps.</param>
    /// <param name="prepared">The step that it prepared last; null when none is looked at.</param>
    public static void Check(Scheduler scheduler, Step? prepared = null)
    {
        BlockInvariants.Check(scheduler.Pool, scheduler.Running);
        EveryRunningSequenceIsWhereItSays(scheduler);
        WaitingInvariants.Check(scheduler.Waiting, scheduler.Running);
        if (prepared is not null)
            SharesAreWithinTheStep(prepared);
    }

    /// <summary>Checks where the build is for debugging.</summary>
    [Conditional("DEBUG")]
    public static void CheckInDebug(Scheduler scheduler, Step prepared) => Check(scheduler, prepared);

    private static void EveryRunningSequenceIsWhereItSays(Scheduler scheduler)
    {
        Sequence? before = null;
        foreach (Sequence sequence in scheduler.Running)
        {
            if (sequence.State == SequenceState.Ended)
                continue;
            Require(sequence.State == SequenceState.Running, $"sequence {sequence.Arrival} runs as {sequence.State}");
            Require(sequence.Remaining >= 0, $"sequence {sequence.Arrival} is ahead of itself");
            Require(sequence.Known < sequence.Limit, $"sequence {sequence.Arrival} runs beyond its limit");
            Require(
                sequence.Computed <= sequence.BlockCount * sequence.BlockSlots,
                $"sequence {sequence.Arrival} has {sequence.Computed} rows in {sequence.BlockCount} blocks");
            Require(
                before is null || before.ComesBefore(sequence),
                $"sequence {sequence.Arrival} stands behind {before?.Arrival}, which comes after it");
            before = sequence;
        }
    }

    private static void SharesAreWithinTheStep(Step step)
    {
        Require(step.Budget >= 0, $"the step has {-step.Budget} tokens too many");
        foreach (ref readonly Share share in step.Shares)
        {
            Sequence sequence = share.Sequence;
            if (sequence.State == SequenceState.Ended)
                continue;
            Require(
                sequence.State == SequenceState.Running,
                $"sequence {sequence.Arrival} has a share of the next step and is {sequence.State}");
            Require(share.Count > 0, $"sequence {sequence.Arrival} has an empty share");
            Require(
                share.End + share.Drafts <= sequence.BlockCount * sequence.BlockSlots,
                $"the share of sequence {sequence.Arrival} ends behind its {sequence.BlockCount} blocks");
        }
    }

    private static void Require(
        bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref Invariant.Otherwise otherwise) =>
        Invariant.Require(holds, "scheduler", ref otherwise);
}
