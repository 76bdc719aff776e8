using Glm5.Core.Accelerator;
using Glm5.Core.Kv;
using Glm5.Core.Model;
using Glm5.Core.Sampling;

namespace Glm5.Core.Parallel;

/// <summary>
/// What one rank owns: its device, its shard of the model, its caches, and room on the host for copies of their blocks
/// where there is any. Used by the rank's thread alone.
/// </summary>
public sealed class RankModel(
    IAccelerator accelerator, ModelWeights weights, Glm5Model model, KvStore kv, HostBlocks? host = null) : IDisposable
{
    private readonly Drafter _drafter = new(accelerator, model, kv);
    private readonly StepReplays _replays = new(accelerator, model, kv);

    /// <summary>[sequences + rows] token counts and tokens on their way to the other ranks.</summary>
    private int[] _handed = [];

    /// <summary>The rank's device.</summary>
    public IAccelerator Accelerator { get; } = accelerator;

    /// <summary>The rank's caches.</summary>
    public KvStore Kv { get; } = kv;

    /// <summary>The rank's model.</summary>
    public Glm5Model Model { get; } = model;

    /// <summary>
    /// Moves the step's blocks and computes it; chooses tokens when given a batch, and drafts the ones behind when it asks for drafts.
    /// </summary>
    /// <param name="layout">The step.</param>
    /// <param name="batch">What to choose; the same one on every rank.</param>
    /// <param name="answers">True on the rank that chooses.</param>
    public void RunStep(StepLayout layout, SampleBatch? batch, bool answers = true)
    {
        using ActivationArena.Scope scope = Accelerator.Ops.Arena.Open();
        host?.Move(layout.Moves, Kv);
        StepPlan plan = Accelerator.Plan(layout);
        ForwardResult result = Model.NewResult(layout);
        if (!_replays.TryRun(plan, result))
            Model.Run(plan, Kv, result);
        if (answers && batch is not null)
            Choose(result.Logits, batch);
        if (batch is { DraftLength: > 0 })
        {
            // Draft layers of all ranks go on behind the tokens that one of them chose.
            HandOver(batch);
            _drafter.Run(layout, batch, result.Hidden, answers);
        }

        Accelerator.Synchronize();
    }

    /// <summary>Steps that were replayed from a capture.</summary>
    public long ReplayedSteps => _replays.Replayed;

    /// <summary>Returns when the batch has the chosen tokens, on this rank as on the one that chose.</summary>
    private void HandOver(SampleBatch batch)
    {
        Collectives ranks = Accelerator.Collectives;
        if (ranks.SharesHostMemory)
        {
            ranks.Barrier();
            return;
        }

        if (ranks.Size == 1 || batch.Count == 0)
            return;
        if (_handed.Length < batch.Count + batch.Rows)
            _handed = new int[batch.Count + batch.Rows];
        Span<int> counts = _handed.AsSpan(0, batch.Count), tokens = _handed.AsSpan(batch.Count, batch.Rows);
        batch.TokenCount.CopyTo(counts);
        for (int row = 0; row < tokens.Length; row++)
            tokens[row] = batch.Tokens[row].Token;
        ranks.Broadcast(_handed.AsSpan(0, batch.Count + batch.Rows));
        if (ranks.Rank == 0)
            return;
        counts.CopyTo(batch.TokenCount);
        for (int row = 0; row < tokens.Length; row++)
            batch.Tokens[row] = new SampledToken(tokens[row], float.NaN, null);
    }

    private void Choose(Tensor logits, SampleBatch batch)
    {
        if (batch.ScoreRows > 0)
        {
            Accelerator.Ops.Score(logits.Slice(batch.Rows, batch.ScoreRows), batch);
            logits = logits.Slice(0, batch.Rows);
        }

        if (batch.Count == 0)
            return;
        if (batch.Rows == batch.Count)
            Accelerator.Ops.Sample(logits, batch);
        else
            Accelerator.Ops.Verify(logits, batch);
    }

    /// <summary>Frees caches, weights and device.</summary>
    public void Dispose()
    {
        _replays.Dispose();
        Kv.Dispose();
        weights.Dispose();
        Accelerator.Dispose();
    }
}
