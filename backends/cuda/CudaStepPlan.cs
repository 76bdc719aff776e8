using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda;

/// <summary>What shapes the work of a step, and where its tables lie: a captured step fits the plans that have it.</summary>
internal readonly record struct GraphKey(
    int Tokens, int Sequences, int LogitRows, int ContextBucket, int BlockColumns, nint Tables, nint Blocks);

/// <summary>
/// A step's tables in device memory, sent in two copies. They lie at the same addresses in every step of one layout's room,
/// so that captured steps find them: kernels read every length, slot and position there. One per accelerator, filled anew
/// for each step.
/// </summary>
internal sealed class CudaStepPlan(CudaDevice device, CudaMemory memory) : StepPlan, IDisposable
{
    /// <summary>Block tables grow by so many columns, so that most steps have the same width.</summary>
    private const int TableColumns = 64;

    private const int TokenTables = 5;

    private readonly PinnedStage _stage = new(device, memory, "a step's tables");
    private readonly PinnedStage _blocks = new(device, memory, "block tables");
    private StepLayout? _layout;
    private int _tokens;

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

    /// <summary>[tokens] I32: the sequence of each.</summary>
    public Tensor SequenceOf => Ints(4, Layout.TokenCount);

    /// <summary>[sequences, <see cref="BlockColumns"/>] I32: the blocks of each sequence; behind its own, block 0.</summary>
    public nint BlockTables => _blocks.Address;

    /// <summary>Columns of the block tables.</summary>
    public int BlockColumns { get; private set; }

    /// <summary>
    /// The longest context rounded up, so that steps of growing contexts have one shape: a power of two from 256 on.
    /// </summary>
    public int ContextBucket =>
        (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(256, Layout.LongestContext));

    /// <summary>What shapes the step's work.</summary>
    public GraphKey Key => new(
        Layout.TokenCount, Layout.SequenceCount, Layout.LogitRowCount, ContextBucket, BlockColumns, _stage.Address,
        _blocks.Address);

    /// <summary>Sends the layout's tables; the layout stays the caller's.</summary>
    public CudaStepPlan Begin(StepLayout layout)
    {
        (_layout, _tokens) = (layout, layout.MaxTokens);
        int bytes = TokenTables * _tokens * sizeof(int);
        Span<int> tables = MemoryMarshal.Cast<byte, int>(_stage.Host(bytes));
        layout.TokenIds.CopyTo(tables);
        layout.Positions.CopyTo(tables[_tokens..]);
        layout.Slots.CopyTo(tables[(2 * _tokens)..]);
        layout.LogitRows.CopyTo(tables[(3 * _tokens)..]);
        layout.SequenceOf.CopyTo(tables[(4 * _tokens)..]);
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
        BlockColumns = (widest + TableColumns - 1) / TableColumns * TableColumns;
        int bytes = Math.Max(1, layout.SequenceCount) * BlockColumns * sizeof(int);
        Span<int> rows = MemoryMarshal.Cast<byte, int>(_blocks.Host(bytes));
        rows.Clear();
        for (int s = 0; s < layout.SequenceCount; s++)
        {
            BlockTable table = layout.BlockTables[s];
            table.Blocks.AsSpan(0, table.Count).CopyTo(rows[(s * BlockColumns)..]);
        }

        _blocks.Send(bytes);
    }

    private Tensor Ints(int table, int count) =>
        new(_stage.Address + (table * _tokens * sizeof(int)), ElementType.I32, count);
}
