using System.Security.Cryptography;
using Glm5.Core.Accelerator;
using Glm5.Core.Kv;
using Glm5.Core.Sampling;
using Glm5.Core.Scheduling;
using Microsoft.Extensions.Logging;

namespace Glm5.Core;

/// <summary>Runs steps for as long as there are sequences: schedule, run, publish. One thread of its own.</summary>
/// <remarks>
/// While the ranks compute a step, the engine's thread publishes the tokens of the step before, finds the masks of its
/// own and prepares the step after. Between two steps it only takes new requests and cancellations and fills in the tokens just chosen.
/// </remarks>
public sealed partial class Engine : IDisposable
{
    /// <summary>Seconds of waiting that are as good as for ever, and that no clock's timestamps overflow by.</summary>
    private const double LongestWait = 1e9;

    private readonly EngineGroup[] _groups;
    private readonly DraftGuard? _guard;
    private readonly GenerationLimits _limits;
    private readonly TokenMask _unnamed;
    private readonly Inbox _inbox;
    private readonly EngineCounters _counters;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<AcceleratorException> _failed =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Thread _thread;
    private volatile AcceleratorException? _failure, _lost;

    /// <summary>An engine over a loaded model, which the caller disposes afterwards.</summary>
    public Engine(LoadedModel model, ModelOptions options, TimeProvider time, ILogger logger)
        : this(model.Runners, model.ContextLength, model.Unnamed, options, time, logger)
    {
        _thread.Start();
    }

    /// <summary>An engine whose turns are taken by the caller, until <see cref="Start"/> gives it a thread.</summary>
    internal Engine(
        IReadOnlyList<StepRunner> runners, int contextLength, TokenMask unnamed, ModelOptions options, TimeProvider time, ILogger logger)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxBatchedTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxSequences, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxWaiting);
        (_unnamed, _time, _logger) = (unnamed, time, logger);
        _limits = new GenerationLimits(contextLength, runners[0].VocabularySize, options.Scheduling, runners[0].SamplesHere);
        _guard = EngineGroup.NewGuard(runners[0], options);
        _groups = new EngineGroup[runners.Count];
        for (int g = 0; g < _groups.Length; g++)
            _groups[g] = new EngineGroup(runners[g], contextLength, options, _guard, time);
        _inbox = new Inbox((options.MaxSequences * _groups.Length) + options.MaxWaiting);
        _counters = new EngineCounters(_groups, _inbox, time);
        foreach (StepRunner runner in runners)
            runner.Lost = Lose;
        _thread = new Thread(Serve) { Name = "glm5-engine", IsBackground = true };
    }

    /// <summary>What it is doing now, for metrics and health.</summary>
    public EngineStatus Status => _counters.Status;

    /// <summary>
    /// Why it takes no requests any more; null while it does. A failed engine does not recover: make a new one.
    /// </summary>
    public AcceleratorException? Failure => _failure;

    /// <summary>Ends when the engine has failed; never when it is stopped.</summary>
    public Task<AcceleratorException> Failed => _failed.Task;

    /// <summary>Takes a request. Returns at once; tokens come by the result.</summary>
    /// <exception cref="RequestRefusedException">The request can never be served.</exception>
    /// <exception cref="EngineBusyException">The queue is full or the engine is stopping.</exception>
    public Generation Submit(GenerationRequest request)
    {
        int limit = _limits.Check(request);
        long seed = request.Sampling.Seed ?? BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
        EngineGroup any = _groups[0];
        var sampler = new SequenceSampler(request, seed, _unnamed, any.Scratch);
        PrefixChain? prefix = any.Prefixes is null
            ? null
            : new PrefixChain(any.Prefixes, any.Runner.KvIdentity, request.CacheSalt);
        long now = _time.GetTimestamp();
        var sequence = new Sequence(request, sampler, limit, any.Runner.BlockSlots, prefix)
        {
            SubmittedAt = now,
            StartBy = request.MaxWait is { } wait ? After(now, wait) : null,
        };
        sequence.Stream = new GenerationStream(sequence, _inbox);
        return _inbox.Post(sequence) switch
        {
            PostResult.Taken => sequence.Stream,
            PostResult.Full => throw _counters.QueueIsFull(),
            _ => throw Closed(),
        };
    }

    /// <summary>
    /// Takes no more requests, and returns when the running ones have ended or <paramref name="cancel"/> fires, which
    /// cancels them.
    /// </summary>
    public async Task DrainAsync(CancellationToken cancel)
    {
        _inbox.Drain();
        using CancellationTokenRegistration registration = cancel.Register(_inbox.CancelAll);
        await _drained.Task.ConfigureAwait(false);
    }

    /// <summary>Cancels what runs and ends the thread.</summary>
    public void Dispose()
    {
        _inbox.Stop();
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted))
            Leave(failure: null);
        else
            _thread.Join();
        _inbox.Dispose();
        _counters.Dispose();
    }

    /// <summary>For checks between turns.</summary>
    internal Scheduler Scheduler => _groups[0].Scheduler;

    /// <inheritdoc cref="Scheduler"/>
    internal ReadOnlySpan<EngineGroup> Groups => _groups;

    /// <summary>Gives the engine its thread.</summary>
    internal void Start() => _thread.Start();

    /// <summary>
    /// One turn of the engine: close the step that was prepared, run it, and while it runs publish the tokens of the one
    /// before, find the masks and prepare the one after. False when there was nothing to run.
    /// </summary>
    internal bool Turn()
    {
        TakeMail();
        EndExpired();
        if (!Close())
        {
            Publish();
            _counters.Look();
            return false;
        }

        long began = _counters.Begin();
        Begin();
        try
        {
            Publish();
            Prepare();
        }
        finally
        {
            // Whatever happens meanwhile: the ranks still read the blocks of this step.
            Complete();
        }

        Apply(began);
        return true;
    }

    private bool Close()
    {
        bool any = false;
        foreach (EngineGroup group in _groups)
            any |= group.Close();
        return any;
    }

    private void Begin()
    {
        int drafts = 0;
        if (_groups.Length > 1)
        {
            foreach (EngineGroup group in _groups)
                drafts = Math.Max(drafts, group.Drafts);
        }

        foreach (EngineGroup group in _groups)
            group.Begin(drafts);
    }

    /// <summary>Waits for all groups, also when one has failed: they use the same memory.</summary>
    private void Complete()
    {
        AcceleratorException? failure = null;
        foreach (EngineGroup group in _groups)
        {
            try
            {
                group.Runner.Complete();
            }
            catch (AcceleratorException e)
            {
                failure ??= e;
            }
        }

        if (failure is not null)
            throw failure;
    }

    private void Apply(long began)
    {
        bool onlyDecodes = true;
        int gained = 0, sequences = 0;
        foreach (EngineGroup group in _groups)
        {
            onlyDecodes &= group.OnlyDecodes;
            gained += group.Apply();
            sequences = Math.Max(sequences, group.Current?.Batch.Count ?? 0);
        }

        TimeSpan took = _counters.End(began, gained);
        if (onlyDecodes && _guard is { } guard)
            Observe(guard, sequences, gained, took);
        foreach (EngineGroup group in _groups)
            group.Turn();
    }

    /// <summary>All groups draft as many: their passes through the draft layer go together.</summary>
    private void Prepare()
    {
        int most = 0;
        foreach (EngineGroup group in _groups)
            most = Math.Max(most, group.Scheduler.Running.Length);
        foreach (EngineGroup group in _groups)
            group.Prepare(most);
    }

    private void Observe(DraftGuard guard, int sequences, int gained, TimeSpan took)
    {
        if (guard.Observe(sequences, gained, took.TotalSeconds))
            LogDrafts(_logger, sequences, guard.LengthAt(sequences) == 0 ? "do not pay and are off" : "pay again");
    }

    /// <summary>Ranks are gone, perhaps while nothing runs: requests must not find that out.</summary>
    private void Lose(AcceleratorException failure)
    {
        _lost = failure;
        _inbox.Wake();
    }

    /// <summary>The engine's thread: turns while there is work, sleep while there is none.</summary>
    private void Serve()
    {
        AcceleratorException? failure = null;
        try
        {
            while (!_inbox.Stopping)
            {
                if (_lost is { } lost)
                    throw lost;
                if (!Turn())
                    Rest();
            }
        }
#pragma warning disable CA1031 // Whatever ends the loop must end the requests too, or their readers wait for ever.
        catch (Exception e)
#pragma warning restore CA1031
        {
            failure = e as AcceleratorException ?? new AcceleratorException($"the engine stopped: {e.Message}", e);
            LogFailure(_logger, failure);
        }

        Leave(failure);
    }

    private void Rest()
    {
        foreach (EngineGroup group in _groups)
            SchedulerInvariants.CheckInDebug(group.Scheduler, group.Prepared);
        if (_inbox.Draining && _inbox.Live == 0)
            _drained.TrySetResult();
        _inbox.Wait();
    }

    private long After(long now, TimeSpan wait) =>
        now + (long)(Math.Min(wait.TotalSeconds, LongestWait) * _time.TimestampFrequency);

    private void EndExpired()
    {
        foreach (EngineGroup group in _groups)
        {
            while (group.Scheduler.Waiting.Expired() is { } sequence)
            {
                TimeSpan waited = _time.GetElapsedTime(sequence.SubmittedAt);
                End(sequence, FinishReason.Expired, new RequestExpiredException(waited, sequence.MaxWait!.Value));
                _counters.Expired();
            }
        }
    }

    private void TakeMail()
    {
        if (!_inbox.HasMail())
            return;
        ReadMail();
        if (_inbox.CancelsAll)
            EndAll(FinishReason.Cancelled, failure: null);
    }

    private void ReadMail()
    {
        while (_inbox.TryTake(out Letter letter))
        {
            if (letter.Cancels)
                End(letter.Sequence, FinishReason.Cancelled, failure: null);
            else
                Add(letter.Sequence);
        }
    }

    private void Add(Sequence sequence)
    {
        EngineGroup group = sequence.Leader?.Group ?? GroupChoice.Choose(_groups, sequence);
        sequence.Join(group);
        group.Scheduler.Add(sequence);
    }

    /// <summary>
    /// Ends a sequence in the middle of its answer; one that has just ended by itself keeps its own reason.
    /// </summary>
    private void End(Sequence sequence, FinishReason reason, Exception? failure)
    {
        if (sequence.State == SequenceState.Ended)
            return;
        sequence.Group.Scheduler.End(sequence, reason);
        sequence.Stream.End(reason, failure);
        _counters.Ended(_time.GetTimestamp());
    }

    private void EndAll(FinishReason reason, AcceleratorException? failure)
    {
        foreach (EngineGroup group in _groups)
        {
            // Readers of a common failure each throw an exception of their own: a thrown one collects its reader's stack.
            while (group.Scheduler.AnyLive() is { } sequence)
                End(sequence, reason, failure is null ? null : new AcceleratorException(failure.Message, failure));
        }
    }

    /// <summary>The engine's last act: nobody is left waiting.</summary>
    private void Leave(AcceleratorException? failure)
    {
        FinishReason reason = failure is null ? FinishReason.Cancelled : FinishReason.Failed;
        _failure ??= failure;
        _inbox.Close();
        Publish();
        ReadMail();
        EndAll(reason, failure);
        if (failure is not null)
            _failed.TrySetResult(failure);
        _drained.TrySetResult();
    }

    private EngineBusyException Closed() => new(
        Failure is { } failure
            ? $"the engine has failed and takes no requests: {failure.Message}"
            : "the server is stopping and takes no more requests",
        EngineCounters.LongestRetry);

    [LoggerMessage(Level = LogLevel.Information, Message = "With {Sequences} sequences at once drafts {Verdict}")]
    private static partial void LogDrafts(ILogger logger, int sequences, string verdict);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The engine has failed; the requests it had are lost")]
    private static partial void LogFailure(ILogger logger, Exception failure);
}
