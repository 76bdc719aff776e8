using Glm5.Core.Scheduling;

namespace Glm5.Core;

/// <summary>
/// The engine's figures: written by its thread between steps, read by any. Also the owner of its metrics, and of the
/// estimate when a place will be free.
/// </summary>
internal sealed class EngineCounters : IDisposable
{
    /// <summary>The longest that anybody is told to wait.</summary>
    public static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan s_shortestRetry = TimeSpan.FromSeconds(1);

    /// <summary>How much of the last interval between two ends enters their mean.</summary>
    private const double Freshness = 0.1;

    private readonly Inbox _inbox;
    private readonly TimeProvider _time;
    private readonly EngineMetrics _metrics;
    private readonly int _blocks;
    private readonly long[] _drafted = new long[DraftCounts.Places], _accepted = new long[DraftCounts.Places];
    private int _running, _blocksInUse, _blocksCached, _draftLength;
    private long _preemptions, _steps, _promptTokens, _generatedTokens, _queriedTokens, _cachedTokens;
    private long _draftedTokens, _acceptedTokens;
    private long _lastEnd;
    private double _secondsBetweenEnds;

    public EngineCounters(int blocks, Inbox inbox, TimeProvider time)
    {
        (_blocks, _inbox, _time, _lastEnd) = (blocks, inbox, time, time.GetTimestamp());
        _metrics = new EngineMetrics(() => Status);
    }

    /// <summary>A moment of the engine.</summary>
    public EngineStatus Status
    {
        get
        {
            int running = Volatile.Read(ref _running);
            return new EngineStatus(
                running, Math.Max(0, _inbox.Live - running), Volatile.Read(ref _blocksInUse),
                Volatile.Read(ref _blocksCached), _blocks, Volatile.Read(ref _preemptions), Volatile.Read(ref _steps),
                Volatile.Read(ref _promptTokens), Volatile.Read(ref _generatedTokens),
                Volatile.Read(ref _queriedTokens), Volatile.Read(ref _cachedTokens),
                Volatile.Read(ref _draftedTokens), Volatile.Read(ref _acceptedTokens), Volatile.Read(ref _draftLength));
        }
    }

    /// <summary>A step starts; returns when.</summary>
    public long Begin(Step step, Scheduler scheduler)
    {
        long now = _time.GetTimestamp();
        foreach (ref readonly Share share in step.Shares)
        {
            if (share.Sequence.StartedAt is not null)
                continue;
            share.Sequence.StartedAt = now;
            _metrics.LeftQueue(_time.GetElapsedTime(share.Sequence.SubmittedAt, now));
        }

        Look(scheduler);
        return now;
    }

    /// <summary>A step has ended and its tokens are known; returns what it took.</summary>
    public TimeSpan End(Step step, Scheduler scheduler, long began, int gained)
    {
        int prompt = 0;
        foreach (ref readonly Share share in step.Shares)
            prompt += Math.Max(0, Math.Min(share.End, share.Sequence.PromptLength) - share.Start);
        TimeSpan took = _time.GetElapsedTime(began);
        _metrics.StepEnded(took, step.Shares.Length, prompt, gained, scheduler.Preemptions - _preemptions);
        _metrics.LookedUp(scheduler.QueriedTokens - _queriedTokens, scheduler.CachedTokens - _cachedTokens);
        CountDrafts(scheduler.Drafts);
        Volatile.Write(ref _steps, _steps + 1);
        Volatile.Write(ref _promptTokens, _promptTokens + prompt);
        Volatile.Write(ref _generatedTokens, _generatedTokens + gained);
        Volatile.Write(ref _preemptions, scheduler.Preemptions);
        Volatile.Write(ref _queriedTokens, scheduler.QueriedTokens);
        Volatile.Write(ref _cachedTokens, scheduler.CachedTokens);
        Volatile.Write(ref _draftLength, step.Batch.NextDraftLength);
        Look(scheduler);
        return took;
    }

    /// <summary>Tokens of a sequence reach its reader.</summary>
    public void Published(Sequence sequence, int tokens, long now)
    {
        if (sequence.PublishedAt is { } before)
            _metrics.NextToken(_time.GetElapsedTime(before, now) / tokens);
        else
            PublishedFirst(sequence, now);
        sequence.PublishedAt = now;
    }

    private void PublishedFirst(Sequence sequence, long now) => _metrics.FirstToken(
        _time.GetElapsedTime(sequence.SubmittedAt, now),
        _time.GetElapsedTime(sequence.StartedAt ?? sequence.SubmittedAt, now));

    /// <summary>A sequence has ended: its place is free.</summary>
    public void Ended(long now)
    {
        double interval = _time.GetElapsedTime(_lastEnd, now).TotalSeconds;
        Volatile.Write(ref _secondsBetweenEnds, _secondsBetweenEnds + (Freshness * (interval - _secondsBetweenEnds)));
        _lastEnd = now;
        _inbox.Leave();
    }

    /// <summary>A sequence was not begun in time.</summary>
    public void Expired() => _metrics.Expired();

    /// <summary>
    /// The answer to a request that finds every place taken: when a tenth of them will have been given up.
    /// </summary>
    public EngineBusyException QueueIsFull()
    {
        EngineStatus status = Status;
        double seconds = Volatile.Read(ref _secondsBetweenEnds) * Math.Max(1, _inbox.Live / 10);
        var retry = TimeSpan.FromSeconds(Math.Clamp(seconds, s_shortestRetry.TotalSeconds, LongestRetry.TotalSeconds));
        return new EngineBusyException(
            $"the queue is full: {status.Running} requests run and {status.Waiting} wait; try again in {retry.TotalSeconds:F0} s",
            retry);
    }

    /// <summary>Notes how many run and what they own.</summary>
    public void Look(Scheduler scheduler)
    {
        Volatile.Write(ref _running, scheduler.Running.Length);
        Volatile.Write(ref _blocksInUse, scheduler.Pool.InUse);
        Volatile.Write(ref _blocksCached, scheduler.Pool.IdleBlocks.Count);
    }

    public void Dispose() => _metrics.Dispose();

    private void CountDrafts(DraftCounts counts)
    {
        for (int place = 0; place < DraftCounts.Places && counts.Verified[place] > 0; place++)
        {
            long drafted = counts.Verified[place] - _drafted[place];
            long accepted = counts.Accepted[place] - _accepted[place];
            if (drafted == 0)
                continue;
            _metrics.Verified(place, drafted, accepted);
            _drafted[place] += drafted;
            _accepted[place] += accepted;
            Volatile.Write(ref _draftedTokens, _draftedTokens + drafted);
            Volatile.Write(ref _acceptedTokens, _acceptedTokens + accepted);
        }
    }
}
