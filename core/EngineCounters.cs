using Glm5.Core.Kv;
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

    private readonly EngineGroup[] _groups;
    private readonly Inbox _inbox;
    private readonly TimeProvider _time;
    private readonly EngineMetrics _metrics;
    private readonly int _blocks;
    private readonly long[] _drafted = new long[DraftCounts.Levels * DraftCounts.Places];
    private readonly long[] _accepted = new long[DraftCounts.Levels * DraftCounts.Places];
    private int _running, _blocksInUse, _blocksCached, _draftLength;
    private long _preemptions, _steps, _promptTokens, _generatedTokens, _queriedTokens, _cachedTokens;
    private long _draftedTokens, _acceptedTokens, _recalledTokens;
    private long _lastEnd;
    private double _secondsBetweenEnds;

    public EngineCounters(EngineGroup[] groups, Inbox inbox, TimeProvider time)
    {
        (_groups, _inbox, _time, _lastEnd) = (groups, inbox, time, time.GetTimestamp());
        foreach (EngineGroup group in groups)
            _blocks += group.Scheduler.Pool.Capacity;
        _metrics = new EngineMetrics(() => Status);
        if (groups[0].Scheduler.Pool.Host is not null)
            _metrics.AddHostCache(HostCache);
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
                Volatile.Read(ref _draftedTokens), Volatile.Read(ref _acceptedTokens), Volatile.Read(ref _draftLength))
            {
                RecalledTokens = Volatile.Read(ref _recalledTokens),
                HostCache = HostCache(),
            };
        }
    }

    /// <summary>A step of all groups starts; returns when.</summary>
    public long Begin()
    {
        long now = _time.GetTimestamp();
        foreach (EngineGroup group in _groups)
        {
            if (group.Current is { } step)
                Start(step, now);
        }

        Look();
        return now;
    }

    /// <summary>The step has ended and its tokens are known; returns what it took.</summary>
    public TimeSpan End(long began, int gained)
    {
        int shares = 0, prompt = 0, draftLength = 0;
        long preemptions = 0, queried = 0, cached = 0, recalled = 0;
        foreach (EngineGroup group in _groups)
        {
            Scheduler scheduler = group.Scheduler;
            preemptions += scheduler.Preemptions;
            (queried, cached) = (queried + scheduler.QueriedTokens, cached + scheduler.CachedTokens);
            recalled += scheduler.RecalledTokens;
            if (group.Current is not { } step)
                continue;
            shares += step.Shares.Length;
            prompt += PromptTokens(step);
            draftLength = Math.Max(draftLength, step.NextDraftLength);
        }

        TimeSpan took = _time.GetElapsedTime(began);
        _metrics.StepEnded(took, shares, prompt, gained, preemptions - _preemptions);
        _metrics.LookedUp(queried - _queriedTokens, cached - _cachedTokens, recalled - _recalledTokens);
        CountDrafts();
        Volatile.Write(ref _steps, _steps + 1);
        Volatile.Write(ref _promptTokens, _promptTokens + prompt);
        Volatile.Write(ref _generatedTokens, _generatedTokens + gained);
        Volatile.Write(ref _preemptions, preemptions);
        Volatile.Write(ref _queriedTokens, queried);
        Volatile.Write(ref _cachedTokens, cached);
        Volatile.Write(ref _recalledTokens, recalled);
        Volatile.Write(ref _draftLength, draftLength);
        Look();
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
    public void Look()
    {
        int running = 0, inUse = 0, cached = 0;
        foreach (EngineGroup group in _groups)
        {
            running += group.Scheduler.Running.Length;
            inUse += group.Scheduler.Pool.InUse;
            cached += group.Scheduler.Pool.IdleBlocks.Count;
        }

        Volatile.Write(ref _running, running);
        Volatile.Write(ref _blocksInUse, inUse);
        Volatile.Write(ref _blocksCached, cached);
    }

    public void Dispose() => _metrics.Dispose();

    private HostCacheStatus HostCache()
    {
        HostCacheStatus all = default;
        foreach (EngineGroup group in _groups)
            all += group.Scheduler.Pool.Host?.Status ?? default;
        return all;
    }

    private void Start(Step step, long now)
    {
        foreach (ref readonly Share share in step.Shares)
        {
            if (share.Sequence.StartedAt is not null)
                continue;
            share.Sequence.StartedAt = now;
            _metrics.LeftQueue(_time.GetElapsedTime(share.Sequence.SubmittedAt, now));
        }
    }

    private static int PromptTokens(Step step)
    {
        int prompt = 0;
        foreach (ref readonly Share share in step.Shares)
            prompt += Math.Max(0, Math.Min(share.End, share.Sequence.PromptLength) - share.Start);
        return prompt;
    }

    private void CountDrafts()
    {
        for (int place = 0; place < _drafted.Length; place++)
        {
            long drafted = -_drafted[place], accepted = -_accepted[place];
            foreach (EngineGroup group in _groups)
            {
                drafted += group.Scheduler.Drafts.Verified[place];
                accepted += group.Scheduler.Drafts.Accepted[place];
            }

            if (drafted == 0)
                continue;
            _metrics.Verified(place / DraftCounts.Places, place % DraftCounts.Places, drafted, accepted);
            _drafted[place] += drafted;
            _accepted[place] += accepted;
            Volatile.Write(ref _draftedTokens, _draftedTokens + drafted);
            Volatile.Write(ref _acceptedTokens, _acceptedTokens + accepted);
        }
    }
}
