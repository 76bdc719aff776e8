using Glm5.Core.Accelerator;
using Glm5.Core.Kv;
using Glm5.Core.Sampling;

namespace Glm5.Core.Simulation;

/// <summary>A group of simulated ranks that tells the clock of all groups when its steps begin and end.</summary>
internal sealed class ClockedRunner(StepRunner ranks, StepClock clock) : StepRunner
{
    /// <inheritdoc/>
    public override int Blocks => ranks.Blocks;

    /// <inheritdoc/>
    public override int BlockSlots => ranks.BlockSlots;

    /// <inheritdoc/>
    public override int VocabularySize => ranks.VocabularySize;

    /// <inheritdoc/>
    public override string KvIdentity => ranks.KvIdentity;

    /// <inheritdoc/>
    public override int DraftLength => ranks.DraftLength;

    /// <inheritdoc/>
    public override HostCacheSize HostCache => ranks.HostCache;

    /// <inheritdoc/>
    public override void Begin(StepLayout layout, SampleBatch batch)
    {
        clock.Beginning();
        ranks.Begin(layout, batch);
        clock.Begun();
    }

    /// <inheritdoc/>
    public override void Complete()
    {
        clock.Completing();
        ranks.Complete();
        clock.Completed();
    }

    /// <inheritdoc/>
    public override void Dispose() => ranks.Dispose();
}
