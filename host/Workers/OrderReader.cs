using Glm5.Core.Accelerator;
using Glm5.Core.Sampling;
using Glm5.Host.Workers.Wire;

namespace Glm5.Host.Workers;

/// <summary>
/// Turns orders back into layouts and batches, with what it remembers of the step before. The counterpart of
/// <see cref="OrderWriter"/>, on the worker. Used by the rank's thread alone.
/// </summary>
/// <param name="layout">Filled by each order.</param>
/// <param name="batch">Filled by each order.</param>
/// <param name="unnamed">Ids that must not be chosen.</param>
/// <param name="scratch">Room for the vocabulary.</param>
internal sealed class OrderReader(StepLayout layout, SampleBatch batch, TokenMask unnamed, SamplingScratch scratch)
{
    private List<int[]> _tables = [], _nextTables = [];
    private List<SequenceSampler> _samplers = [], _nextSamplers = [];

    /// <summary>Fills layout and batch.</summary>
    /// <exception cref="InvalidDataException">The order does not follow the one before.</exception>
    public void Read(Order order)
    {
        layout.Clear();
        batch.Clear();
        (batch.NextDraftLength, batch.PeerDrafts) = (order.NextDraftLength, order.PeerDrafts);
        foreach (Move move in order.Moves)
            layout.AddMove(new BlockMove(move.Recalls ? BlockMoveKind.Recall : BlockMoveKind.Keep, move.Block, move.HostBlock));
        foreach (SequenceOrder sequence in order.Sequences)
            Add(sequence);
        foreach (SampleOrder sample in order.Samples)
            Add(sample);
        (_tables, _nextTables) = (_nextTables, _tables);
        (_samplers, _nextSamplers) = (_nextSamplers, _samplers);
        _nextTables.Clear();
        _nextSamplers.Clear();
    }

    private void Add(SequenceOrder sequence)
    {
        BlockTable table = Table(sequence);
        layout.AddSequence(table, sequence.TokenAfter);
        int quiet = sequence.Tokens.Count - sequence.LogitRows;
        for (int i = 0; i < sequence.Tokens.Count; i++)
            layout.AddToken(sequence.Tokens[i], sequence.Position + i, wantsLogits: i >= quiet);
    }

    private BlockTable Table(SequenceOrder sequence)
    {
        int count = sequence.KeptBlocks + sequence.Blocks.Count;
        int[] blocks = sequence.Previous > 0 ? Before(_tables, sequence.Previous, "block table") : [];
        if (sequence.KeptBlocks > blocks.Length)
            throw new InvalidDataException($"an order keeps {sequence.KeptBlocks} blocks of {blocks.Length}");
        if (blocks.Length < count)
            Array.Resize(ref blocks, Math.Max(count, 2 * blocks.Length));
        sequence.Blocks.CopyTo(blocks, sequence.KeptBlocks);
        _nextTables.Add(blocks);
        return new BlockTable(blocks, count);
    }

    private void Add(SampleOrder sample)
    {
        SequenceSampler sampler = sample.Previous > 0
            ? Before(_samplers, sample.Previous, "sampler")
            : new SequenceSampler(SamplerWire.Read(sample.State), unnamed, scratch);
        Span<int> drafts = stackalloc int[sample.Drafts.Count];
        for (int d = 0; d < drafts.Length; d++)
            drafts[d] = sample.Drafts[d];
        batch.Add(sampler, drafts, sample.Room);
        _nextSamplers.Add(sampler);
    }

    private static T Before<T>(List<T> known, int previous, string what) => previous <= known.Count
        ? known[previous - 1]
        : throw new InvalidDataException($"an order names {what} {previous} of {known.Count} in the step before");
}
