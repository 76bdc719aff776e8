using System.Runtime.InteropServices;
using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend;

/// <summary>
/// A step's tables in device memory, sent in one copy. They lie at the same addresses in every step of one layout's
/// room, so that kept executors and captured steps find them. One per accelerator, filled anew for each step.
/// </summary>
internal sealed class AscendStepPlan(AscendDevice device, AscendMemory memory) : StepPlan, IDisposable
{
    /// <summary>Block tables grow by so many columns, so that most steps have the same width.</summary>
    private const int TableColumns = 64;

    private readonly PinnedStage _stage = new(device, memory, "a step's tables");
    private readonly PinnedStage _blocks = new(device, memory, "block tables");
    private StepLayout? _layout;
    private int _tokens, _sequences, _blockColumns;

    /// <inheritdoc/>
    public override StepLayout Layout =>
        _layout ?? throw new AcceleratorException("the plan is read before a step was planned");

    /// <inheritdoc/>
    public override Tensor TokenIds => Ints(0, Layout.TokenCount);

    /// <inheritdoc/>
    public override Tensor Positions => Ints(1, Layout.TokenCount);

    /// <inheritdoc/>
    public override Tensor Slots => Ints(2, Layout.TokenCount);

    /// <inheritdoc/>
    public override Tensor LogitRows => Ints(3, Layout.LogitRowCount);

    /// <summary>[sequences] I32: tokens of this step up to each sequence's end.</summary>
    public View QueryEnds => SequenceInts(0);

    /// <summary>[sequences] I32: tokens in the caches after this step.</summary>
    public View ContextLengths => SequenceInts(1);

    /// <summary>[sequences, columns] I32: the blocks of each sequence; behind its own, block 0.</summary>
    public View BlockTables => View.Dense(_blocks.Address, AclDataType.Int32, Layout.SequenceCount, _blockColumns);

    /// <summary>
    /// The longest context rounded up, so that steps of growing contexts have one shape: a power of two from 256 on.
    /// </summary>
    public int ContextBucket => (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(256, Layout.LongestContext));

    /// <summary>What shapes the step's operations.</summary>
    public GraphKey Key => new(
        Layout.TokenCount, Layout.SequenceCount, Layout.LogitRowCount, ContextBucket, _blockColumns, _stage.Address, _blocks.Address);

    /// <summary>Sends the layout's tables; the layout stays the caller's.</summary>
    public AscendStepPlan Begin(StepLayout layout)
    {
        (_layout, _tokens, _sequences) = (layout, layout.MaxTokens, layout.MaxSequences);
        int bytes = ((4 * _tokens) + (2 * _sequences)) * sizeof(int);
        Span<int> tables = MemoryMarshal.Cast<byte, int>(_stage.Host(bytes));
        layout.TokenIds.CopyTo(tables);
        layout.Positions.CopyTo(tables[_tokens..]);
        layout.Slots.CopyTo(tables[(2 * _tokens)..]);
        layout.LogitRows.CopyTo(tables[(3 * _tokens)..]);
        layout.QueryStart[1..].CopyTo(tables[(4 * _tokens)..]);
        layout.ContextLength.CopyTo(tables[((4 * _tokens) + _sequences)..]);
        _stage.Send(bytes);
        SendBlocks(layout);
        return this;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stage.Dispose();
        _blocks.Dispose();
    }

    private void SendBlocks(StepLayout layout)
    {
        int widest = 1;
        foreach (BlockTable table in layout.BlockTables)
            widest = Math.Max(widest, table.Count);
        _blockColumns = (widest + TableColumns - 1) / TableColumns * TableColumns;
        int bytes = layout.SequenceCount * _blockColumns * sizeof(int);
        Span<int> rows = MemoryMarshal.Cast<byte, int>(_blocks.Host(bytes));
        rows.Clear();
        for (int s = 0; s < layout.SequenceCount; s++)
        {
            BlockTable table = layout.BlockTables[s];
            table.Blocks.AsSpan(0, table.Count).CopyTo(rows[(s * _blockColumns)..]);
        }

        _blocks.Send(bytes);
    }

    private Tensor Ints(int table, int count) => new(At(table * _tokens), ElementType.I32, count);

    private View SequenceInts(int table) =>
        View.Dense(At((4 * _tokens) + (table * _sequences)), AclDataType.Int32, Layout.SequenceCount);

    private nint At(int index) => _stage.Address + (index * sizeof(int));
}
