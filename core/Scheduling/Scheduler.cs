using System.Diagnostics;
using Glm5.Core.Kv;
using Glm5.Core.Sampling;

namespace Glm5.Core.Scheduling;

/// <summary>
/// Decides what every step computes. There are no phases: each running sequence gets tokens until what is computed has
/// caught up with what is known, within one budget a step. A step is prepared while the one before it runs, and closed
/// when that one's tokens are there. Who is admitted next is the <see cref="WaitingQueue"/>'s rule; the one whose turn it
/// is never gives way to one that is smaller. When blocks run out the least urgent sequence gives way, of equally urgent
/// ones the latest arrival, and computes again later. One thread.
/// </summary>
/// <remarks>
/// Nobody starves. The queue bounds how often a late sequence is passed over; one that is late and earlier than all that
/// run when it is admitted runs before all from then on, so that it is never preempted. Those before it are finitely
/// many and end: each that runs gets at least one token a step.
/// </remarks>
internal sealed class Scheduler
{
    /// <summary>One block of so many stays free when a sequence is admitted, so that those that run can grow.</summary>
    private const int WatermarkShare = 100;

    private const int NotSampled = -1;

    private readonly BlockPool _pool;
    private readonly WaitingQueue _waiting;
    private readonly Sequence[] _running;
    private readonly int _watermark;
    private int _runningCount;
    private bool _someEnded;

    /// <summary>
    /// A scheduler over a pool. No more sequences run than a step has tokens: then each of them gets at least one token
    /// a step, and none starves. Those that have waited for longer than <paramref name="lateAfter"/> are late.
    /// </summary>
    public Scheduler(BlockPool pool, int maxTokens, int maxSequences, TimeProvider time, TimeSpan lateAfter)
    {
        (_pool, _waiting) = (pool, new WaitingQueue(time, lateAfter));
        _running = new Sequence[Math.Min(maxTokens, maxSequences)];
        _watermark = Math.Max(1, pool.Capacity / WatermarkShare);
    }

    /// <summary>Sequences in the running batch, the most urgent first, of equally urgent ones in order of arrival.</summary>
    public ReadOnlySpan<Sequence> Running => _running.AsSpan(0, _runningCount);

    /// <summary>Sequences that wait.</summary>
    public WaitingQueue Waiting => _waiting;

    /// <summary>Where blocks come from.</summary>
    public BlockPool Pool => _pool;

    /// <summary>Sequences preempted since the start.</summary>
    public long Preemptions { get; private set; }

    /// <summary>Tokens of prompts that were looked up in the prefix cache since the start.</summary>
    public long QueriedTokens { get; private set; }

    /// <summary>Those of them whose rows were there.</summary>
    public long CachedTokens { get; private set; }

    /// <summary>Of those, tokens whose rows came from the host.</summary>
    public long RecalledTokens { get; private set; }

    /// <summary>What became of drafts since the start.</summary>
    public DraftCounts Drafts { get; } = new();

    /// <summary>Who drafts.</summary>
    public DraftSource DraftSource { get; init; } = new LayerDrafts();

    /// <summary>Says how many drafts pay; null drafts as many as steps hold.</summary>
    public DraftGuard? Guard { get; init; }

    /// <summary>True when there is a place for one more than those that run and wait.</summary>
    public bool TakesMore => _runningCount + _waiting.Count < _running.Length;

    /// <summary>The most sequences that run in any group: drafts are as many in all of them. 0 where there is one.</summary>
    public int PeersRunning { get; set; }

    /// <summary>Takes a new sequence.</summary>
    public void Add(Sequence sequence) => _waiting.Add(sequence);

    /// <summary>
    /// Plans the next step as if every sequence of the step in flight went on: its blocks are reserved and its layout is
    /// written, only the tokens being chosen are missing. <see cref="Close"/> completes it.
    /// </summary>
    public void Prepare(Step step)
    {
        step.Clear();
        ForgetEnded();
        step.WantDrafts(Guard?.LengthAt(Math.Max(_runningCount, PeersRunning)) ?? step.DraftLength);
        long before = Preemptions;
        AddDecodes(step);
        AddPrefills(step);
        // The step in flight may still read the block table of a sequence preempted just now: it comes back later.
        if (Preemptions == before)
            Admit(step);
    }

    /// <summary>
    /// Completes a prepared step when the step before it is done. False when there is nothing to run.
    /// </summary>
    public bool Close(Step step)
    {
        step.Close();
        ForgetEnded();
        if (step.IsEmpty)
        {
            Prepare(step);
            step.Close();
        }
        else
        {
            Admit(step);
        }

        step.Depart();
        Debug.Assert(!step.IsEmpty || (_runningCount == 0 && _waiting.Count == 0), "sequences are there and none can run");
        if (step.IsEmpty)
            return false;
        _pool.Host?.HandOver(step.Layout, _pool);
        return true;
    }

    /// <summary>
    /// Takes over what a finished step has chosen; sequences whose answer ends leave. Returns the tokens gained.
    /// </summary>
    public int Apply(Step step)
    {
        int row = 0, gained = 0, scored = 0;
        foreach (ref readonly Share share in step.Shares)
        {
            Sequence sequence = share.Sequence;
            int sampled = share.Samples ? row++ : NotSampled;
            if (share.Scores)
            {
                sequence.AddScores(share.Start, step.Batch.Scores.Slice(scored, share.Count));
                scored += share.Count;
            }

            (sequence.Pending, sequence.Verifying) = (0, 0);
            if (sequence.State == SequenceState.Ended)
                continue;
            FinishReason? end = null;
            if (sampled != NotSampled)
                gained += TakeOver(share, step, sampled, out end);
            // One that was preempted while the step ran has no blocks any more.
            if (sequence.State == SequenceState.Running)
                sequence.Publish(_pool, share.Samples ? sequence.Known - 1 : share.End);
            if (end is { } reason)
                End(sequence, reason);
        }

        return gained;
    }

    /// <summary>
    /// Ends a sequence at once, even while a step computes it: its blocks are free for the step after that.
    /// </summary>
    public void End(Sequence sequence, FinishReason reason)
    {
        if (sequence.State == SequenceState.Ended)
            return;
        if (sequence.State == SequenceState.Waiting)
            _waiting.Remove(sequence);
        else
            _someEnded = true;
        sequence.Release(_pool);
        sequence.Flow.Live--;
        (sequence.State, sequence.Finish) = (SequenceState.Ended, reason);
    }

    /// <summary>A sequence that has not ended; null when there is none.</summary>
    public Sequence? AnyLive()
    {
        ForgetEnded();
        return _runningCount > 0 ? _running[_runningCount - 1] : _waiting.Earliest;
    }

    /// <summary>
    /// Sequences that need one token, which is every one past its prompt: they come first and never wait.
    /// </summary>
    private void AddDecodes(Step step)
    {
        // Of what is left when everybody has a token, drafts get half: prompts shall go on beside them.
        int drafts = (step.Budget - _runningCount) / 2;
        for (int i = 0; i < _runningCount; i++)
        {
            Sequence sequence = _running[i];
            if (sequence.Remaining != 1 || sequence.EndsByItself || !TryGrow(sequence))
                continue;
            int length = Math.Min(DraftSource.Expected(sequence, step.NextDraftLength), drafts);
            // Drafts are a wager: nobody gives way for them.
            int reserved = length <= 0 ? 0 : Reserve(sequence, length);
            step.Add(sequence, 1, reserved);
            drafts -= reserved;
        }
    }

    private int Reserve(Sequence sequence, int drafts) =>
        sequence.ReserveDrafts(_pool, drafts, DraftSource.SlotsBehind(drafts), spare: _runningCount);

    /// <summary>
    /// Sequences with more to compute share what is left; their blocks were taken when they were admitted.
    /// </summary>
    private void AddPrefills(Step step)
    {
        for (int i = 0; i < _runningCount && step.Budget > 0; i++)
        {
            Sequence sequence = _running[i];
            if (sequence.Remaining > 0 && !sequence.EndsByItself)
                AddPrompt(step, sequence);
        }
    }

    private void AddPrompt(Step step, Sequence sequence)
    {
        if (sequence.Unscored > 0)
        {
            AddUnscored(step, sequence);
            return;
        }

        int count = Math.Min(sequence.Remaining, step.Budget), slots = DraftSource.SlotsBehind(step.NextDraftLength);
        if (slots > 0 && count == sequence.Remaining)
            sequence.ReserveDrafting(_pool, count, slots, spare: _runningCount);
        step.Add(sequence, count);
    }

    /// <summary>
    /// A chunk of a prompt whose tokens are scored, which needs rows of logits; what was scored before the sequence gave its
    /// blocks up is computed without.
    /// </summary>
    private static void AddUnscored(Step step, Sequence sequence)
    {
        int again = sequence.Scores.Count - sequence.Computed;
        int count = Math.Min(step.Budget, again > 0 ? again : Math.Min(sequence.Unscored, step.ScoresLeft));
        if (count <= 0)
            return;
        if (again > 0)
            step.Add(sequence, count);
        else
            step.AddScoring(sequence, count);
    }

    /// <summary>
    /// Admits whose turn it is for as long as places, tokens and blocks suffice. The first never gives way to another
    /// that is smaller.
    /// </summary>
    private void Admit(Step step)
    {
        while (_runningCount < _running.Length && step.Budget > 0 && _waiting.Next() is { } sequence)
        {
            // One that waits for its leader's prompt lets nobody pass: the leader takes the whole budget until its last chunk.
            bool alone = _runningCount == 0;
            if (sequence.WaitsForLeader || !sequence.TryEnter(_pool, alone ? 0 : _watermark, alone))
                return;
            if (sequence.Admissions == 1)
                CountPrefix(sequence);
            _waiting.Admit(sequence);
            Run(sequence);
            AddPrompt(step, sequence);
        }
    }

    private void Run(Sequence sequence)
    {
        if (_waiting.IsLate(sequence) && ArrivedBeforeAllThatRun(sequence))
            sequence.RunFirst();
        int place = _runningCount++;
        for (; place > 0 && sequence.ComesBefore(_running[place - 1]); place--)
            _running[place] = _running[place - 1];
        _running[place] = sequence;
        sequence.State = SequenceState.Running;
    }

    private bool ArrivedBeforeAllThatRun(Sequence sequence)
    {
        foreach (Sequence other in Running)
        {
            if (other.Arrival < sequence.Arrival)
                return false;
        }

        return true;
    }

    /// <summary>
    /// Room for one token more, at the cost of those that come last. False when the sequence itself gave way.
    /// </summary>
    private bool TryGrow(Sequence sequence)
    {
        while (!sequence.TryGrow(_pool))
        {
            Sequence last = _running[_runningCount - 1];
            Preempt(last);
            if (last == sequence)
                return false;
        }

        return true;
    }

    /// <summary>Takes the blocks of the last that runs, which has no share of the step yet, and lets it wait.</summary>
    private void Preempt(Sequence last)
    {
        _running[--_runningCount] = null!;
        last.Release(_pool);
        last.State = SequenceState.Waiting;
        _waiting.PutBack(last);
        Preemptions++;
    }

    private void CountPrefix(Sequence sequence)
    {
        if (_pool.Cache is null)
            return;
        QueriedTokens += sequence.PromptLength;
        CachedTokens += sequence.Computed;
        RecalledTokens += Math.Min(sequence.RecalledTokens, sequence.Computed);
    }

    private int TakeOver(in Share share, Step step, int sampled, out FinishReason? end)
    {
        SampleBatch batch = step.Batch;
        Sequence sequence = share.Sequence;
        Drafts.Add(share.Drafts, batch.TokenCount[sampled] - 1, batch.Count);
        int gained = Append(sequence, batch, sampled, out end);
        sequence.Flow.Charge(gained);
        // The rows of accepted drafts are in the caches already.
        if (sequence.State == SequenceState.Running)
            sequence.Computed += gained - 1;
        if (end is null)
            DraftSource.Draft(sequence, batch, sampled, step.NextDraftLength);
        return gained;
    }

    private static int Append(Sequence sequence, SampleBatch batch, int sampled, out FinishReason? end)
    {
        end = null;
        int first = batch.FirstRow[sampled], count = batch.TokenCount[sampled];
        for (int t = 0; t < count; t++)
        {
            end = sequence.Append(batch.Tokens[first + t].Token);
            if (end is not null)
            {
                // What was drafted behind the end is not part of the answer.
                return batch.TokenCount[sampled] = t + 1;
            }
        }

        return count;
    }

    private void ForgetEnded()
    {
        if (!_someEnded)
            return;
        int kept = 0;
        for (int i = 0; i < _runningCount; i++)
        {
            if (_running[i].State == SequenceState.Running)
                _running[kept++] = _running[i];
        }

        Array.Clear(_running, kept, _runningCount - kept);
        (_runningCount, _someEnded) = (kept, false);
    }
}
