using Glm5.Core.Accelerator;
using Glm5.Core.Kv;
using Glm5.Core.Sampling;

namespace Glm5.Core.Parallel;

/// <summary>
/// The ranks of one process, each driven by a thread of its own. A step is the same layout on every rank; rank 0 chooses
/// the tokens. When a rank fails, it aborts the group, and the step fails with the first reason.
/// </summary>
public sealed class RankGroup : StepRunner
{
    private readonly Rank[] _ranks;
    private StepLayout? _layout;
    private SampleBatch? _batch;
    private Exception? _failure;
    private bool _disposed;

    /// <summary>A group over ranks that are ready to run, rank 0 first. Owns them.</summary>
    /// <param name="models">The ranks.</param>
    /// <param name="vocabularySize">Tokens of vocabulary.</param>
    /// <param name="modelIdentity">Names the weights.</param>
    /// <param name="draftLength">Tokens that the draft layer drafts for a sequence's next step; 0: none.</param>
    /// <param name="hostCache">Room that every rank has for copies of its blocks.</param>
    public RankGroup(
        IReadOnlyList<RankModel> models, int vocabularySize, string modelIdentity, int draftLength = 0,
        HostCacheSize hostCache = default)
    {
        HostCache = hostCache;
        DraftLength = draftLength;
        (VocabularySize, KvIdentity) = (vocabularySize, $"{modelIdentity} in {models[0].Kv.LayoutId}");
        (Blocks, BlockSlots) = (models[0].Kv.Blocks, models[0].Kv.Spec.BlockSlots);
        _ranks = new Rank[models.Count];
        for (int r = 0; r < _ranks.Length; r++)
            _ranks[r] = new Rank(this, models[r], r);
    }

    /// <inheritdoc/>
    public override int Blocks { get; }

    /// <inheritdoc/>
    public override int BlockSlots { get; }

    /// <inheritdoc/>
    public override int VocabularySize { get; }

    /// <inheritdoc/>
    public override string KvIdentity { get; }

    /// <inheritdoc/>
    public override int DraftLength { get; }

    /// <inheritdoc/>
    public override void Begin(StepLayout layout, SampleBatch batch)
    {
        (_layout, _batch) = (layout, batch);
        foreach (Rank rank in _ranks)
            rank.Start();
    }

    /// <inheritdoc/>
    public override void Complete()
    {
        foreach (Rank rank in _ranks)
            rank.Wait();
        if (Interlocked.Exchange(ref _failure, null) is { } failure)
            throw failure as AcceleratorException ?? new AcceleratorException($"a step failed: {failure.Message}", failure);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (Rank rank in _ranks)
            rank.Dispose();
    }

    /// <summary>A rank's thread and the two signals it lives by.</summary>
    private sealed class Rank : IDisposable
    {
        private readonly RankGroup _group;
        private readonly RankModel _model;
        private readonly Thread _thread;
        private readonly SemaphoreSlim _begin = new(0);
        private readonly SemaphoreSlim _done = new(0);
        private readonly bool _samples;
        private volatile bool _stopping;

        public Rank(RankGroup group, RankModel model, int rank)
        {
            (_group, _model, _samples) = (group, model, rank == 0);
            _thread = new Thread(Drive) { Name = $"glm5-rank-{rank}", IsBackground = true };
            _thread.Start();
        }

        public void Start() => _begin.Release();

        public void Wait() => _done.Wait();

        public void Dispose()
        {
            _stopping = true;
            _begin.Release();
            _thread.Join();
            _begin.Dispose();
            _done.Dispose();
        }

        private void Drive()
        {
            while (true)
            {
                _begin.Wait();
                if (_stopping)
                    break;
                RunStep();
                _done.Release();
            }

            _model.Dispose();
        }

        private void RunStep()
        {
            try
            {
                _model.RunStep(_group._layout!, _group._batch, _samples);
            }
#pragma warning disable CA1031 // Whatever a rank dies of belongs to the step: it is thrown where the step is awaited.
            catch (Exception e)
#pragma warning restore CA1031
            {
                // Peers fail because this rank has stopped them: the first reason is the one to tell.
                Interlocked.CompareExchange(ref _group._failure, e, null);
                _model.Accelerator.Collectives.Abort(e.Message);
            }
        }
    }
}
