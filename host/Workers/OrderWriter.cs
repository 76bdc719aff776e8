using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;
using Glm5.Host.Workers.Wire;

namespace Glm5.Host.Workers;

/// <summary>
/// Writes steps as changes of the step before: of a block table only what was appended travels, of a sampler nothing once it
/// is there. What a step does not mention both ends forget, so that nothing has to be said about sequences that end. Used by
/// the engine's thread alone.
/// </summary>
internal sealed class OrderWriter
{
    private Dictionary<int[], int> _rowOf = [], _nextRowOf = [];
    private List<int[]> _sent = [], _nextSent = [];
    private Dictionary<SequenceSampler, int> _samplerOf = [], _nextSamplerOf = [];

    /// <summary>The order for a step.</summary>
    public Order Write(StepLayout layout, SampleBatch batch)
    {
        var order = new Order { NextDraftLength = batch.NextDraftLength, PeerDrafts = batch.PeerDrafts };
        foreach (BlockMove move in layout.Moves)
            order.Moves.Add(new Move { Recalls = move.Kind == BlockMoveKind.Recall, Block = move.Block, HostBlock = move.HostBlock });
        int row = 0;
        for (int s = 0; s < layout.SequenceCount; s++)
            order.Sequences.Add(Sequence(layout, s, ref row));
        for (int i = 0; i < batch.Count; i++)
            order.Samples.Add(Sample(batch, i));
        (_rowOf, _nextRowOf) = (_nextRowOf, _rowOf);
        (_sent, _nextSent) = (_nextSent, _sent);
        (_samplerOf, _nextSamplerOf) = (_nextSamplerOf, _samplerOf);
        _nextRowOf.Clear();
        _nextSent.Clear();
        _nextSamplerOf.Clear();
        return order;
    }

    private SequenceOrder Sequence(StepLayout layout, int s, ref int row)
    {
        int first = layout.QueryStart[s], end = layout.QueryStart[s + 1];
        var sequence = new SequenceOrder { Position = layout.Positions[first], TokenAfter = layout.TokenAfter[s] };
        AddBlocks(sequence, layout.BlockTables[s]);
        for (int token = first; token < end; token++)
            sequence.Tokens.Add(layout.TokenIds[token]);
        for (; row < layout.LogitRowCount && layout.LogitRows[row] < end; row++)
            sequence.LogitRows++;
        return sequence;
    }

    private void AddBlocks(SequenceOrder sequence, BlockTable table)
    {
        ReadOnlySpan<int> blocks = table.Blocks.AsSpan(0, table.Count);
        if (_rowOf.TryGetValue(table.Blocks, out int row))
        {
            sequence.Previous = row + 1;
            sequence.KeptBlocks = blocks.CommonPrefixLength(_sent[row]);
        }

        foreach (int block in blocks[sequence.KeptBlocks..])
            sequence.Blocks.Add(block);
        _nextRowOf[table.Blocks] = _nextSent.Count;
        bool isSame = sequence is { Previous: > 0, Blocks.Count: 0 } && _sent[row].Length == table.Count;
        _nextSent.Add(isSame ? _sent[row] : blocks.ToArray());
    }

    private SampleOrder Sample(SampleBatch batch, int i)
    {
        SequenceSampler sampler = batch.Samplers[i];
        var sample = new SampleOrder { Room = batch.Room(i) };
        if (_samplerOf.TryGetValue(sampler, out int place))
            sample.Previous = place + 1;
        else
            sample.State = SamplerWire.Write(sampler.State);
        for (int row = batch.FirstRow[i]; row < batch.FirstRow[i + 1] - 1; row++)
            sample.Drafts.Add(batch.Drafts[row]);
        _nextSamplerOf[sampler] = i;
        return sample;
    }
}
