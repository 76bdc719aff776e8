using Glm5.Core.Kv;
using Glm5.Core.Sampling;
using Glm5.Core.Scheduling;

namespace Glm5.Core;

/// <summary>
/// What one group of ranks has of its own: runner, blocks, prefix cache, scheduler, and two steps that take turns, one in
/// flight or done and one in the making. All groups step together, because their tokens meet at the experts: one that has
/// nothing to do computes a padding token. Used by the engine's thread alone.
/// </summary>
internal sealed class EngineGroup
{
    private readonly Step _idle;
    private readonly int _drafts;
    private Step _next, _other;
    private Step? _unpublished;
    private bool _works;

    /// <summary>A group behind a runner.</summary>
    /// <param name="runner">Its ranks; the caller disposes them.</param>
    /// <param name="contextLength">The longest sequence; one such must fit into the runner's blocks.</param>
    /// <param name="options">How to schedule.</param>
    /// <param name="guard">Says how many drafts pay, the same to all groups; null drafts as many as steps hold.</param>
    /// <param name="time">By which sequences wait.</param>
    public EngineGroup(StepRunner runner, int contextLength, ModelOptions options, DraftGuard? guard, TimeProvider time)
    {
        Runner = runner;
        Scratch = new SamplingScratch(runner.VocabularySize);
        Prefixes = options.PrefixCaching
            ? new PrefixCache(runner.Blocks, runner.BlockSlots, lookAhead: runner.DraftLength > 0 ? 1 : 0)
            : null;
        var pool = new BlockPool(runner.Blocks, Prefixes, NewHostTier(runner, Prefixes));
        if ((long)pool.Capacity * runner.BlockSlots < contextLength)
        {
            throw new ArgumentException(
                $"{pool.Capacity} blocks of {runner.BlockSlots} slots cannot hold one sequence of {contextLength} tokens",
                nameof(runner));
        }

        bool looksUp = options.DraftMethod == DraftMethod.PromptLookup;
        _drafts = DraftsOf(runner, options);
        Scheduler = new Scheduler(pool, options.MaxBatchedTokens, options.MaxSequences, time, options.LateAfter)
        {
            DraftSource = looksUp
                ? new LookupDrafts(options.SpeculativeTokens, options.LookupShortest, options.LookupLongest)
                : new LayerDrafts(),
            Guard = guard,
        };
        int sequences = Math.Min(options.MaxSequences, options.MaxBatchedTokens);
        (_next, _other) = (NewStep(options.MaxBatchedTokens, sequences), NewStep(options.MaxBatchedTokens, sequences));
        _idle = NewStep(maxTokens: 1, maxSequences: 1);
        _idle.Layout.AddPadding();
    }

    /// <summary>Runs its steps.</summary>
    public StepRunner Runner { get; }

    /// <summary>Decides what they compute.</summary>
    public Scheduler Scheduler { get; }

    /// <summary>Which blocks hold which prefix; null when none are shared.</summary>
    public PrefixCache? Prefixes { get; }

    /// <summary>Room for the vocabulary, shared by the samplers of the group.</summary>
    public SamplingScratch Scratch { get; }

    /// <summary>Sequences that run or wait here.</summary>
    public int Load => Scheduler.Running.Length + Scheduler.Waiting.Count;

    /// <summary>The step that was closed last, in flight or done; null when the group has nothing to do.</summary>
    public Step? Current => _works ? _next : null;

    /// <summary>The step that is closed next.</summary>
    public Step Prepared => _next;

    /// <summary>The most tokens that its step drafts for a sequence.</summary>
    public int Drafts => Current is { Batch.Count: > 0 } step ? step.Batch.NextDraftLength : 0;

    /// <summary>True when its step computes no prompt.</summary>
    public bool OnlyDecodes => Current is null or { OnlyDecodes: true };

    /// <summary>Completes the step that was prepared. False when there is nothing to run.</summary>
    public bool Close() => _works = Scheduler.Close(_next);

    /// <summary>Starts the step, a padding token where there is none.</summary>
    /// <param name="drafts">The most drafts of a sequence in any group; 0 where there is one group.</param>
    public void Begin(int drafts)
    {
        Step step = Current ?? _idle;
        step.Batch.PeerDrafts = drafts;
        Runner.Begin(step.Layout, step.Batch);
    }

    /// <summary>Finds what the step in flight may choose, so that sampling need not, and prepares the step after it.</summary>
    /// <param name="mostRunning">The most sequences that run in any group.</param>
    public void Prepare(int mostRunning)
    {
        Current?.Batch.Foresee();
        Scheduler.PeersRunning = mostRunning;
        Scheduler.Prepare(_other);
    }

    /// <summary>Takes over what the step has chosen; returns the tokens gained.</summary>
    public int Apply()
    {
        if (Current is not { } step)
            return 0;
        _unpublished = step;
        return Scheduler.Apply(step);
    }

    /// <summary>The prepared step is the next one to close.</summary>
    public void Turn() => (_next, _other) = (_other, _next);

    /// <summary>The step that finished last if its tokens were not taken yet; null otherwise.</summary>
    public Step? TakeUnpublished()
    {
        Step? step = _unpublished;
        _unpublished = null;
        return step;
    }

    /// <summary>What finds out how many drafts pay; null where there are none, or as many as asked for.</summary>
    public static DraftGuard? NewGuard(StepRunner runner, ModelOptions options) =>
        options.AdaptSpeculation && DraftsOf(runner, options) is > 0 and int drafts ? new DraftGuard(drafts) : null;

    private static int DraftsOf(StepRunner runner, ModelOptions options) =>
        options.DraftMethod == DraftMethod.PromptLookup ? options.SpeculativeTokens : runner.DraftLength;

    private Step NewStep(int maxTokens, int maxSequences) =>
        new(maxTokens, maxSequences, Runner.BlockSlots, _drafts, ranksDraft: Runner.DraftLength > 0);

    private static HostTier? NewHostTier(StepRunner runner, PrefixCache? prefixes) =>
        prefixes is null || runner.HostCache.Blocks == 0 ? null : new HostTier(runner.HostCache, prefixes, runner.Blocks);
}
