using Glm5.Core.Sampling;

namespace Glm5.Core.Scheduling;

/// <summary>Who guesses the tokens behind those that a step has chosen. One thread.</summary>
internal abstract class DraftSource
{
    /// <summary>Slots behind its drafts that a sequence with so many of them needs.</summary>
    public abstract int SlotsBehind(int drafts);

    /// <summary>Drafts to keep places for in a step that is prepared before they are there.</summary>
    public abstract int Expected(Sequence sequence, int most);

    /// <summary>Gives a sequence its drafts, up to <paramref name="most"/>, when a step has chosen its tokens.</summary>
    /// <param name="sequence">The sequence, the chosen tokens included.</param>
    /// <param name="batch">The step's answers.</param>
    /// <param name="sampled">The sequence's place among them.</param>
    /// <param name="most">Drafts wanted.</param>
    public abstract void Draft(Sequence sequence, SampleBatch batch, int sampled, int most);
}

/// <summary>The model's draft layer, which the ranks run behind every step: its drafts are in the answers.</summary>
internal sealed class LayerDrafts : DraftSource
{
    /// <summary>Each draft after the first comes from rows that the layer writes for those before it.</summary>
    public override int SlotsBehind(int drafts) => drafts;

    /// <inheritdoc/>
    public override int Expected(Sequence sequence, int most) => most;

    /// <inheritdoc/>
    public override void Draft(Sequence sequence, SampleBatch batch, int sampled, int most) =>
        sequence.SetDrafts(batch.NextDrafts(sampled));
}

/// <summary>The sequence's own words: see <see cref="PromptLookup"/>. Costs no step anything.</summary>
internal sealed class LookupDrafts(int length, int shortest, int longest) : DraftSource
{
    private readonly int[] _drafts = new int[length];

    /// <inheritdoc/>
    public override int SlotsBehind(int drafts) => 0;

    /// <summary>Who has not repeated itself last time gets one place, not many that prompts could use.</summary>
    public override int Expected(Sequence sequence, int most) =>
        sequence.Lookup is null || sequence.Drafts.Length > 0 ? most : Math.Min(1, most);

    /// <inheritdoc/>
    public override void Draft(Sequence sequence, SampleBatch batch, int sampled, int most)
    {
        sequence.Lookup ??= new PromptLookup(shortest, longest);
        // None whose successor the sequence could not have.
        Span<int> drafts = _drafts.AsSpan(0, Math.Clamp(sequence.Room, 0, most));
        sequence.SetDrafts(drafts[..sequence.Lookup.Propose(sequence.Tokens, drafts)]);
    }
}
