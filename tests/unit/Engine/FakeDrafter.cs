using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;

namespace Glm5.Tests.Unit.Engine;

/// <summary>
/// The draft layer of a <see cref="FakeStepRunner"/>. Its row of a slot is the token behind the slot's own, so that
/// each row can be held against the main model's state of the next slot. Chaining leaves rows that are wrong, as the
/// real one does.
/// </summary>
internal sealed class FakeDrafter(int blocks, int hostBlocks, int blockSlots, int vocabularySize)
{
    private const int Chained = -7;

    private readonly int[] _tokenBehind = new int[blocks * blockSlots];
    private readonly int[] _hostTokenBehind = new int[hostBlocks * blockSlots];

    /// <summary>Copies a block's rows to the host or back.</summary>
    public void Move(BlockMove move)
    {
        Span<int> device = _tokenBehind.AsSpan(move.Block * blockSlots, blockSlots);
        Span<int> host = _hostTokenBehind.AsSpan(move.HostBlock * blockSlots, blockSlots);
        if (move.Kind == BlockMoveKind.Keep)
            device.CopyTo(host);
        else
            host.CopyTo(device);
    }

    /// <summary>Catches up over a step's tokens, and drafts behind those that it chose.</summary>
    public void Draft(StepLayout layout, SampleBatch batch, ulong[] states, int percentRight, bool checks)
    {
        int sampled = 0;
        for (int s = 0; s < layout.SequenceCount; s++)
        {
            int first = layout.QueryStart[s], end = layout.QueryStart[s + 1], after = layout.TokenAfter[s];
            bool samples = after == StepLayout.ChosenByStep;
            if (samples)
            {
                int drafts = batch.FirstRow[sampled + 1] - batch.FirstRow[sampled] - 1, gained = batch.TokenCount[sampled];
                end -= drafts + 1 - gained;
                after = batch.Tokens[batch.FirstRow[sampled] + gained - 1].Token;
            }

            for (int token = first; token < end; token++)
                _tokenBehind[layout.Slots[token]] = token == end - 1 ? after : layout.TokenIds[token + 1];
            int position = layout.Positions[end - 1];
            if (checks)
                Check(layout.BlockTables[s], layout.BlockSlots, position, states);
            if (samples)
                Chain(layout.BlockTables[s], layout.BlockSlots, position, after, batch, sampled++, states, percentRight);
        }
    }

    /// <summary>Every row up to a position must have been written with the token that came behind it.</summary>
    private void Check(BlockTable table, int blockSlots, int position, ulong[] states)
    {
        for (int p = 1; p <= position; p++)
        {
            int before = table.SlotOf(p - 1, blockSlots);
            Assert.AreEqual(
                states[table.SlotOf(p, blockSlots)], FakeStepRunner.Next(states[before], _tokenBehind[before], p),
                $"the draft row of position {p - 1} was computed from another token");
        }
    }

    private void Chain(
        BlockTable table, int blockSlots, int position, int token, SampleBatch batch, int sampled, ulong[] states,
        int percentRight)
    {
        ulong state = states[table.SlotOf(position, blockSlots)];
        int length = Math.Min(batch.NextDraftRoom(sampled), (table.Count * blockSlots) - position);
        for (int draft = 0; draft < length; draft++)
        {
            if (draft > 0)
                _tokenBehind[table.SlotOf(position + draft, blockSlots)] = Chained;
            state = FakeStepRunner.Next(state, token, position + draft + 1);
            bool isRight = FakeStepRunner.Mix(state) % 100 < (ulong)percentRight;
            token = (int)((state + (isRight ? 0ul : 1ul)) % (ulong)vocabularySize);
            batch.AddNextDraft(sampled, token);
        }
    }
}
