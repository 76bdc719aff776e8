using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;

namespace Glm5.Core.Parallel;

/// <summary>
/// The positions that chained drafts attend to where they share the choice of the first (specification 4.5,
/// index_share_for_mtp_iteration): what the draft layer chose for the row that the chain begins at, and everything for as
/// long as everything fits, so that a draft does not depend on what else is in the step. Used by the rank's thread alone.
/// </summary>
internal sealed class DraftChoice(DeviceMemory memory, int topK)
{
    private int[] _chosen = [], _given = [];

    /// <summary>Makes room for so many chains.</summary>
    public void MakeRoom(int chains) => (_chosen, _given) = (new int[chains * topK], new int[chains * topK]);

    /// <summary>Keeps what was chosen for a token of the first pass, at the position where a chain begins.</summary>
    public void Keep(int chain, Selection selection, int token, int position)
    {
        Span<int> chosen = _chosen.AsSpan(chain * topK, topK);
        if (position < topK)
            WriteEverything(position, chosen);
        else
            memory.Download(selection.Positions.Slice(token, 1), MemoryMarshal.AsBytes(chosen));
    }

    /// <summary>Writes what the draft of a chain at a later position attends to as the row of a token.</summary>
    public void Write(int chain, int position, int token)
    {
        Span<int> given = _given.AsSpan(token * topK, topK);
        if (position < topK)
            WriteEverything(position, given);
        else
            _chosen.AsSpan(chain * topK, topK).CopyTo(given);
    }

    /// <summary>What was written for the tokens of a layout.</summary>
    public Selection Give(StepLayout layout, ActivationArena arena)
    {
        if (layout.LongestContext <= topK)
            return Selection.Everything;
        Tensor positions = arena.Take(ElementType.I32, layout.TokenCount, topK);
        memory.Upload(MemoryMarshal.AsBytes(_given.AsSpan(0, layout.TokenCount * topK)), positions);
        return new Selection(positions);
    }

    private static void WriteEverything(int position, Span<int> positions)
    {
        for (int p = 0; p < positions.Length; p++)
            positions[p] = p <= position ? p : -1;
    }
}
