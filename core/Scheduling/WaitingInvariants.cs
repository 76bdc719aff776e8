using System.Runtime.CompilerServices;

namespace Glm5.Core.Scheduling;

/// <summary>What must hold of those that wait, and of their keys.</summary>
internal static class WaitingInvariants
{
    /// <summary>Throws with the first thing that is not as it must be.</summary>
    public static void Check(WaitingQueue queue, ReadOnlySpan<Sequence> running)
    {
        HeapIsOrdered<Sequence, Sequence.ByArrival>(queue.All);
        HeapIsOrdered<Sequence, Sequence.ByStart>(queue.Bounded);
        NobodyIsPassedOverForEver(queue);
        var live = new Dictionary<Flow, int>();
        int bounded = 0;
        foreach (Sequence sequence in queue.All)
        {
            WaitsAsItShould(sequence);
            live[sequence.Flow] = live.GetValueOrDefault(sequence.Flow) + 1;
            bounded += sequence is { StartBy: not null, Admissions: 0 } ? 1 : 0;
        }

        Require(bounded == queue.Bounded.Length, $"{bounded} must start in time and {queue.Bounded.Length} are watched");
        foreach (Sequence sequence in running)
        {
            if (sequence.State == SequenceState.Running)
                live[sequence.Flow] = live.GetValueOrDefault(sequence.Flow) + 1;
        }

        foreach ((Flow flow, int count) in live)
            Require(flow.Live == count, $"a key has {count} sequences and counts {flow.Live}");
        FlowsHoldThem(queue);
    }

    private static void WaitsAsItShould(Sequence sequence)
    {
        Require(sequence.State == SequenceState.Waiting, $"sequence {sequence.Arrival} waits as {sequence.State}");
        Require(sequence is { BlockCount: 0, Computed: 0 }, $"sequence {sequence.Arrival} waits with blocks");
        Require(sequence.WaitsIn is not null, $"sequence {sequence.Arrival} waits in no flow");
        Require(
            sequence.Admissions > 0 || sequence.WaitsIn == sequence.Flow,
            $"sequence {sequence.Arrival} waits in another's flow");
    }

    private static void FlowsHoldThem(WaitingQueue queue)
    {
        HeapIsOrdered<Flow, Flow.ByTurn>(queue.Fair.Waiting);
        int waiting = 0;
        foreach (Flow flow in queue.Fair.Waiting)
        {
            HeapIsOrdered<Sequence, Sequence.ByUrgency>(flow.Waiting.Items);
            Require(flow.Waiting.Count > 0, $"a flow without sequences waits");
            Require(flow.StandsAt <= flow.Time, $"a flow stands at {flow.StandsAt}, behind its own time {flow.Time}");
            waiting += flow.Waiting.Count;
        }

        Require(waiting == queue.Count, $"{queue.Count} wait and {waiting} are in flows");
    }

    private static void NobodyIsPassedOverForEver(WaitingQueue queue) => Require(
        queue.PassedOver < WaitingQueue.LateEvery,
        $"the earliest late sequence was passed over {queue.PassedOver} times in a row");

    private static void HeapIsOrdered<T, TOrder>(ReadOnlySpan<T> items)
        where T : class
        where TOrder : struct, IHeapOrder<T>
    {
        for (int i = 0; i < items.Length; i++)
        {
            int place = i + 1;
            Require(TOrder.Place(items[i]) == place, $"an item at {place} says that it is at {TOrder.Place(items[i])}");
            Require(
                place == 1 || !TOrder.IsBefore(items[i], items[(place / 2) - 1]),
                $"the item at {place} stands behind one that comes after it");
        }
    }

    private static void Require(
        bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref Invariant.Otherwise otherwise) =>
        Invariant.Require(holds, "queue", ref otherwise);
}
