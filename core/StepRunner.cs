using Glm5.Core.Accelerator;
using Glm5.Core.Kv;
using Glm5.Core.Sampling;

namespace Glm5.Core;

/// <summary>
/// Runs steps on every rank. <see cref="Begin"/> starts one and returns at once, so that the next can be prepared
/// meanwhile; <see cref="Complete"/> waits for it. One step at a time; called by the engine's thread alone.
/// </summary>
public abstract class StepRunner : IDisposable
{
    /// <summary>KV blocks of each rank, block 0 (graph padding, never a sequence's) included.</summary>
    public abstract int Blocks { get; }

    /// <summary>Slots in a block.</summary>
    public abstract int BlockSlots { get; }

    /// <summary>Tokens of vocabulary that logits have.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>
    /// Names the model and the layout of its blocks: rows of the same tokens are the same where this is equal.
    /// </summary>
    public abstract string KvIdentity { get; }

    /// <summary>
    /// The most tokens that a step drafts for each sequence's next one; 0 without speculation. Batches are made for it.
    /// </summary>
    public abstract int DraftLength { get; }

    /// <summary>
    /// True when the samplers of a batch choose in this process: only they can hold an answer to a form, which is too much
    /// to say to another process.
    /// </summary>
    public virtual bool SamplesHere => true;

    /// <summary>
    /// Called with the reason, on any thread, by a runner whose ranks can be lost while no step runs; those of this process
    /// cannot. A loss in the middle of a step is told by <see cref="Complete"/> too.
    /// </summary>
    public virtual Action<AcceleratorException>? Lost { get; set; }

    /// <summary>The most copies of blocks that each rank keeps on the host; none by default.</summary>
    public virtual HostCacheSize HostCache { get; init; }

    /// <summary>Starts a step. Layout and batch belong to the runner until <see cref="Complete"/> returns.</summary>
    public abstract void Begin(StepLayout layout, SampleBatch batch);

    /// <summary>Waits for the step; the batch then holds the chosen tokens.</summary>
    /// <exception cref="AcceleratorException">A device failed; the running sequences are lost.</exception>
    public abstract void Complete();

    /// <summary>Ends the ranks and frees their memory. A second call does nothing.</summary>
    public abstract void Dispose();
}
