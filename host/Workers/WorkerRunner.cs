using Glm5.Core;
using Glm5.Core.Accelerator;
using Glm5.Core.Kv;
using Glm5.Core.Sampling;
using Glm5.Host.Workers.Wire;

namespace Glm5.Host.Workers;

/// <summary>
/// Runs the steps of one group on its workers: the layout goes out as a change of the one before, the chosen tokens come back.
/// </summary>
/// <param name="fleet">All workers; ended with the first runner that is disposed.</param>
/// <param name="group">The group.</param>
/// <param name="options">How the model is served.</param>
/// <param name="loaded">What every worker has.</param>
/// <param name="model">The model.</param>
internal sealed class WorkerRunner(WorkerFleet fleet, int group, ModelOptions options, Loaded loaded, OpenedModel model)
    : StepRunner
{
    /// <summary>A step takes seconds where much is computed on little; nobody waits longer for a process that hangs.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10);

    private readonly OrderWriter _orders = new();
    private SampleBatch? _batch;

    /// <inheritdoc/>
    public override int Blocks => loaded.Blocks;

    /// <inheritdoc/>
    public override int BlockSlots => loaded.BlockSlots;

    /// <inheritdoc/>
    public override int VocabularySize => model.Weights.Config.VocabSize;

    /// <inheritdoc/>
    public override string KvIdentity { get; } = $"{model.Identity} in {loaded.LayoutId}";

    /// <inheritdoc/>
    public override int DraftLength => options.LayerDrafts;

    /// <inheritdoc/>
    public override HostCacheSize HostCache { get; init; }

    /// <inheritdoc/>
    public override bool SamplesHere => false;

    /// <summary>Called at once where the workers were lost before anybody asked.</summary>
    public override Action<AcceleratorException>? Lost
    {
        get => base.Lost;
        set
        {
            base.Lost = value;
            if (fleet.Failure is { } failure)
                value?.Invoke(failure);
        }
    }

    private WorkerLink First => fleet.Links[group * options.Ranks];

    /// <inheritdoc/>
    public override void Begin(StepLayout layout, SampleBatch batch)
    {
        _batch = batch;
        var word = new ToWorker { Order = _orders.Write(layout, batch) };
        for (int r = 0; r < options.Ranks; r++)
            WorkerFleet.Send(fleet.Links[First.Rank + r], word);
    }

    /// <inheritdoc/>
    public override void Complete()
    {
        for (int r = 0; r < options.Ranks; r++)
        {
            WorkerLink link = fleet.Links[First.Rank + r];
            Answer? answer = fleet.Failure is null ? link.Wait(s_patience) : null;
            if (fleet.Failure is null && answer is null)
                fleet.Fail($"the worker of rank {link.Rank} (process {link.ProcessId}) did not answer for {s_patience.TotalMinutes:F0} minutes");
            if (fleet.Failure is { } failure)
                throw new AcceleratorException(failure.Message, failure);
            if (r == 0)
                AnswerWire.Read(answer!, _batch!);
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => fleet.Dispose();
}
