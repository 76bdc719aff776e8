using System.Security.Cryptography;
using Glm5.Core.Accelerator;
using Glm5.Core.Kv;
using Glm5.Core.Sampling;
using Glm5.Core.Scheduling;
using Glm5.Core.Tokenization;
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

    private readonly StepRunner _runner;
    private readonly GenerationLimits _limits;
    private readonly TokenMask _unnamed;
    private readonly SamplingScratch _scratch;
    private readonly PrefixCache? _prefixes;
    private readonly Scheduler _scheduler;
    private readonly Inbox _inbox;
    private readonly EngineCounters _counters;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<AcceleratorException> _failed =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Thread _thread;
    private Step _next, _other;
    private Step? _unpublished;
    private volatile AcceleratorException? _failure;

    /// <summary>An engine over a loaded model, which the caller disposes afterwards.</summary>
    public Engine(LoadedModel model, ModelOptions options, TimeProvider time, ILogger logger)
        : this(model.Runner, model.ContextLength, Unnamed(model.Tokenizer, model.Config.VocabSize), options, time, logger)
    {
        _thread.Start();
    }

    /// <summary>An engine whose turns are taken by the caller, until <see cref="Start"/> gives it a thread.</summary>
    internal Engine(
        StepRunner runner, int contextLength, TokenMask unnamed, ModelOptions options, TimeProvider time, ILogger logger)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxBatchedTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxSequences, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxWaiting);
        (_runner, _unnamed, _time, _logger) = (runner, unnamed, time, logger);
        _limits = new GenerationLimits(contextLength, runner.VocabularySize, options.Scheduling);
        _scratch = new SamplingScratch(runner.VocabularySize);
        _prefixes = options.PrefixCaching ? NewPrefixCache(runner) : null;
        var pool = new BlockPool(runner.Blocks, _prefixes);
        if ((long)pool.Capacity * runner.BlockSlots < contextLength)
        {
            throw new ArgumentException(
                $"{pool.Capacity} blocks of {runner.BlockSlots} slots cannot hold one sequence of {contextLength} tokens",
                nameof(runner));
        }

        _scheduler = new Scheduler(pool, options.MaxBatchedTokens, options.MaxSequences, time, options.LateAfter)
        {
            Guard = options.AdaptSpeculation && runner.DraftLength > 0 ? new DraftGuard(runner.DraftLength) : null,
        };
        _inbox = new Inbox(options.MaxSequences + options.MaxWaiting);
        _counters = new EngineCounters(pool.Capacity, _inbox, time);
        (_next, _other) = (NewStep(options, runner), NewStep(options, runner));
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
        var sampler = new SequenceSampler(request, seed, _unnamed, _scratch);
        PrefixChain? prefix = _prefixes is null
            ? null
            : new PrefixChain(_prefixes, _runner.KvIdentity, request.CacheSalt);
        long now = _time.GetTimestamp();
        var sequence = new Sequence(request, sampler, limit, _runner.BlockSlots, prefix)
        {
            SubmittedAt = now,
            StartBy = request.MaxWait is { } wait ? After(now, wait) : null,
            Leader = _prefixes is null ? null : (request.SharesPromptWith as GenerationStream)?.Sequence,
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
    internal Scheduler Scheduler => _scheduler;

    /// <summary>The step prepared last, for checks between turns.</summary>
    internal Step Prepared => _next;

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
        if (!_scheduler.Close(_next))
        {
            Publish();
            _counters.Look(_scheduler);
            return false;
        }

        Step step = _next;
        long began = _counters.Begin(step, _scheduler);
        _runner.Begin(step.Layout, step.Batch);
        try
        {
            Publish();
            step.Batch.Foresee();
            _scheduler.Prepare(_other);
        }
        finally
        {
            // Whatever happens meanwhile: the ranks still read the blocks of this step.
            _runner.Complete();
        }

        int gained = _scheduler.Apply(step);
        TimeSpan took = _counters.End(step, _scheduler, began, gained);
        if (_scheduler.Guard is { } guard && step.OnlyDecodes)
            Observe(guard, step.Batch.Count, gained, took);
        _unpublished = step;
        (_next, _other) = (_other, step);
        return true;
    }

    private void Observe(DraftGuard guard, int sequences, int gained, TimeSpan took)
    {
        if (guard.Observe(sequences, gained, took.TotalSeconds))
            LogDrafts(_logger, sequences, guard.LengthAt(sequences) == 0 ? "do not pay and are off" : "pay again");
    }

    /// <summary>The engine's thread: turns while there is work, sleep while there is none.</summary>
    private void Serve()
    {
        AcceleratorException? failure = null;
        try
        {
            while (!_inbox.Stopping)
            {
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
        SchedulerInvariants.CheckInDebug(_scheduler, _next);
        if (_inbox.Draining && _inbox.Live == 0)
            _drained.TrySetResult();
        _inbox.Wait();
    }

    private long After(long now, TimeSpan wait) =>
        now + (long)(Math.Min(wait.TotalSeconds, LongestWait) * _time.TimestampFrequency);

    private void EndExpired()
    {
        while (_scheduler.Waiting.Expired() is { } sequence)
        {
            TimeSpan waited = _time.GetElapsedTime(sequence.SubmittedAt);
            End(sequence, FinishReason.Expired, new RequestExpiredException(waited, sequence.MaxWait!.Value));
            _counters.Expired();
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
                _scheduler.Add(letter.Sequence);
        }
    }

    /// <summary>Hands the tokens of the step that finished last to their readers.</summary>
    private void Publish()
    {
        if (_unpublished is not { } step)
            return;
        _unpublished = null;
        long now = _time.GetTimestamp();
        int row = 0;
        foreach (ref readonly Share share in step.Shares)
        {
            if (share.Samples)
                Publish(share.Sequence, step.Batch, row++, now);
        }
    }

    private void Publish(Sequence sequence, SampleBatch batch, int row, long now)
    {
        if (sequence.Stream.Finish is not null)
            return;
        Span<SampledToken> tokens = batch.Tokens.Slice(batch.FirstRow[row], batch.TokenCount[row]);
        _counters.Published(sequence, tokens.Length, now);
        foreach (ref readonly SampledToken token in tokens[..^1])
            sequence.Stream.Write(token);
        if (sequence.Finish is { } reason)
        {
            sequence.Stream.WriteLast(tokens[^1], reason);
            _counters.Ended(now);
        }
        else
        {
            sequence.Stream.Write(tokens[^1]);
        }
    }

    /// <summary>
    /// Ends a sequence in the middle of its answer; one that has just ended by itself keeps its own reason.
    /// </summary>
    private void End(Sequence sequence, FinishReason reason, Exception? failure)
    {
        if (sequence.State == SequenceState.Ended)
            return;
        _scheduler.End(sequence, reason);
        sequence.Stream.End(reason, failure);
        _counters.Ended(_time.GetTimestamp());
    }

    private void EndAll(FinishReason reason, AcceleratorException? failure)
    {
        while (_scheduler.AnyLive() is { } sequence)
        {
            // Readers of a common failure each throw an exception of their own: a thrown one collects its reader's stack.
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

    private static TokenMask Unnamed(Tokenizer? tokenizer, int vocabularySize) => tokenizer is null
        ? TokenMask.Nothing
        : TokenMask.AllBut(id => id < tokenizer.VocabularySize && tokenizer.IsNamed(id), vocabularySize);

    private static PrefixCache NewPrefixCache(StepRunner runner) =>
        new(runner.Blocks, runner.BlockSlots, lookAhead: runner.DraftLength > 0 ? 1 : 0);

    private static Step NewStep(ModelOptions options, StepRunner runner) => new(
        options.MaxBatchedTokens, Math.Min(options.MaxSequences, options.MaxBatchedTokens), runner.BlockSlots,
        runner.DraftLength);

    [LoggerMessage(Level = LogLevel.Information, Message = "With {Sequences} sequences at once drafts {Verdict}")]
    private static partial void LogDrafts(ILogger logger, int sequences, string verdict);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The engine has failed; the requests it had are lost")]
    private static partial void LogFailure(ILogger logger, Exception failure);
}
