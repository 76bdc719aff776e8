using Glm5.Core.Accelerator;
using Glm5.Core.Model;
using Glm5.Core.Sampling;

namespace Glm5.Core.Parallel;

/// <summary>What one rank owns: its device, its shard of the model, its caches. Used by the rank's thread alone.</summary>
public sealed class RankModel(IAccelerator accelerator, ModelWeights weights, Glm5Model model, KvStore kv) : IDisposable
{
    /// <summary>The rank's device.</summary>
    public IAccelerator Accelerator { get; } = accelerator;

    /// <summary>The rank's caches.</summary>
    public KvStore Kv { get; } = kv;

    /// <summary>The rank's model.</summary>
    public Glm5Model Model { get; } = model;

    /// <summary>Computes a step; chooses tokens when given a batch.</summary>
    public void RunStep(StepLayout layout, SampleBatch? batch)
    {
        using ActivationArena.Scope scope = Accelerator.Ops.Arena.Open();
        StepPlan plan = Accelerator.Plan(layout);
        ForwardResult result = Model.Forward(plan, Kv);
        if (batch is { Count: > 0 })
            Accelerator.Ops.Sample(result.Logits, batch);
        Accelerator.Synchronize();
    }

    /// <summary>Frees caches, weights and device.</summary>
    public void Dispose()
    {
        Kv.Dispose();
        weights.Dispose();
        Accelerator.Dispose();
    }
}
