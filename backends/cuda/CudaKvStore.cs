using Glm5.Backends.Cuda.Ops;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda;

/// <summary>
/// Where the parts of a cached row lie, as the kernels have it (prelude.cuh): codes padded to four bytes, their scales, what is kept in
/// BF16. At GLM-5's widths nothing is padded: 656 bytes of FP8 and 132.
/// </summary>
/// <param name="Format">How it is stored.</param>
/// <param name="Coded">Elements that FP8 codes.</param>
/// <param name="Kept">Elements behind them that it keeps in BF16.</param>
internal readonly record struct RowLayout(KvFormat Format, int Coded, int Kept)
{
    /// <summary>Elements.</summary>
    public int Width => Coded + Kept;

    /// <summary>Bytes from one row to the next.</summary>
    public int Bytes => Format == KvFormat.FP8
        ? Padded(Padded(Coded) + (KvFormats.Tiles(Coded) * sizeof(float)) + (Kept * sizeof(ushort)))
        : Padded(Format.LatentBytes(Coded, Kept));

    private static int Padded(int bytes) => (bytes + 3) & ~3;
}

/// <summary>
/// Both caches, one row a slot: [layers][blocks · slots][row bytes]. Everything happens in the stream's order, and slots are read
/// from the plan's tables.
/// </summary>
internal sealed class CudaKvStore : KvStore
{
    private const string File = "caches";
    private const int Threads = 128, MostWidth = 1024;

    private readonly CudaMemory _memory;
    private readonly Kernels _kernels;
    private readonly DeviceBuffer _latents, _indexKeys;
    private readonly long _slots;

    /// <summary>Allocates zeroed caches.</summary>
    /// <exception cref="DeviceMemoryException">They do not fit.</exception>
    public CudaKvStore(CudaMemory memory, Kernels kernels, KvSpec spec, int blocks)
        : base(spec, blocks)
    {
        (_memory, _kernels) = (memory, kernels);
        (LatentRow, IndexRow) = (new(spec.Format, spec.LatentWidth, spec.RopeWidth), new(spec.Format, spec.IndexWidth, 0));
        if (Math.Max(LatentRow.Width, IndexRow.Width) > MostWidth)
            throw new ShapeException($"cached rows of {LatentRow.Width} and {IndexRow.Width} elements; kernels take {MostWidth}");
        _slots = (long)blocks * spec.BlockSlots;
        _latents = memory.Allocate(checked(spec.Layers * _slots * LatentRow.Bytes), $"the latent cache of {blocks} blocks");
        try
        {
            _indexKeys = memory.Allocate(
                checked(spec.Layers * _slots * IndexRow.Bytes), $"the index key cache of {blocks} blocks");
        }
        catch
        {
            _latents.Dispose();
            throw;
        }
    }

    /// <summary>Rows of latents and rotated keys.</summary>
    public RowLayout LatentRow { get; }

    /// <summary>Rows of index keys.</summary>
    public RowLayout IndexRow { get; }

    /// <inheritdoc/>
    public override string LayoutId =>
        $"cuda {Spec.Format}, {Spec.Layers} layers x {Spec.BlockSlots} slots x "
        + $"({Spec.LatentWidth} + {Spec.RopeWidth} latent in {LatentRow.Bytes} bytes, {Spec.IndexWidth} index in {IndexRow.Bytes})";

    /// <inheritdoc/>
    public override long BlockBytes => BytesPerBlock(Spec);

    /// <summary>Bytes of a block of such a store.</summary>
    public static long BytesPerBlock(KvSpec spec) => checked((long)spec.Layers * spec.BlockSlots
        * (new RowLayout(spec.Format, spec.LatentWidth, spec.RopeWidth).Bytes + new RowLayout(spec.Format, spec.IndexWidth, 0).Bytes));

    /// <summary>A layer's latent rows.</summary>
    public nint Latents(int layer) => _latents.Address + checked((nint)(layer * _slots * LatentRow.Bytes));

    /// <summary>A layer's index keys.</summary>
    public nint IndexKeys(int layer) => _indexKeys.Address + checked((nint)(layer * _slots * IndexRow.Bytes));

    /// <inheritdoc/>
    public override void WriteLatent(int layer, StepPlan plan, Tensor latent, Tensor rope)
    {
        Check("WriteLatent", layer, latent, plan.Layout.TokenCount, Spec.LatentWidth);
        Check("WriteLatent", layer, rope, plan.Layout.TokenCount, Spec.RopeWidth);
        _kernels.Launch(
            _kernels.Find(File, "write_rows"), new Grid(latent[0], 1, 1, Threads),
            latent.Address, latent.Stride(0), rope.Address, rope.Stride(0), (int)Spec.Format, LatentRow.Coded, LatentRow.Kept,
            false, Latents(layer), LatentRow.Bytes, plan.Slots.Address);
    }

    /// <inheritdoc/>
    public override void WriteIndexKeys(int layer, StepPlan plan, Tensor keys)
    {
        Check("WriteIndexKeys", layer, keys, plan.Layout.TokenCount, Spec.IndexWidth);
        _kernels.Launch(
            _kernels.Find(File, "write_rows"), new Grid(keys[0], 1, 1, Threads),
            keys.Address, keys.Stride(0), 0, 0, (int)Spec.Format, IndexRow.Coded, 0, true, IndexKeys(layer), IndexRow.Bytes,
            plan.Slots.Address);
    }

    /// <inheritdoc/>
    public override void ReadLatent(int layer, StepPlan plan, int sequence, long from, Tensor into)
    {
        Check("ReadLatent", layer, into, into[0], LatentRow.Width);
        Read(LatentRow, Latents(layer), plan, sequence, from, into);
    }

    /// <inheritdoc/>
    public override void ReadIndexKeys(int layer, StepPlan plan, int sequence, long from, Tensor into)
    {
        Check("ReadIndexKeys", layer, into, into[0], IndexRow.Width);
        Read(IndexRow, IndexKeys(layer), plan, sequence, from, into);
    }

    /// <inheritdoc/>
    public override void CopyBlock(int from, int to)
    {
        for (int layer = 0; layer < Spec.Layers; layer++)
        {
            _memory.Copy(LatentBlock(layer, from), LatentBlock(layer, to), LatentBlockBytes);
            _memory.Copy(IndexBlock(layer, from), IndexBlock(layer, to), IndexBlockBytes);
        }
    }

    /// <inheritdoc/>
    public override void Export(int block, Span<byte> into)
    {
        CheckSize(into.Length);
        for (int layer = 0; layer < Spec.Layers; layer++)
        {
            _memory.CopyOut(LatentBlock(layer, block), into[..LatentBlockBytes]);
            _memory.CopyOut(IndexBlock(layer, block), into.Slice(LatentBlockBytes, IndexBlockBytes));
            into = into[(LatentBlockBytes + IndexBlockBytes)..];
        }
    }

    /// <inheritdoc/>
    public override void Import(int block, ReadOnlySpan<byte> from)
    {
        CheckSize(from.Length);
        for (int layer = 0; layer < Spec.Layers; layer++)
        {
            _memory.CopyIn(from[..LatentBlockBytes], LatentBlock(layer, block));
            _memory.CopyIn(from.Slice(LatentBlockBytes, IndexBlockBytes), IndexBlock(layer, block));
            from = from[(LatentBlockBytes + IndexBlockBytes)..];
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _latents.Dispose();
        _indexKeys.Dispose();
    }

    private void Read(in RowLayout row, nint cache, StepPlan plan, int sequence, long from, Tensor into)
    {
        var step = (CudaStepPlan)plan;
        if (from + into[0] > (long)plan.Layout.BlockTables[sequence].Count * Spec.BlockSlots)
        {
            throw new ShapeException(
                $"positions {from} to {from + into[0]} of sequence {sequence} are asked for, its blocks hold "
                + $"{(long)plan.Layout.BlockTables[sequence].Count * Spec.BlockSlots}");
        }

        _kernels.Launch(
            _kernels.Find(File, "read_rows"), new Grid(into[0], 1, 1, Threads),
            (int)Spec.Format, row.Coded, row.Width, cache, row.Bytes,
            step.BlockTables + (nint)((long)sequence * step.BlockColumns * sizeof(int)), Spec.BlockSlots, from, into.Address,
            into.Stride(0));
    }

    private int LatentBlockBytes => checked(Spec.BlockSlots * LatentRow.Bytes);

    private int IndexBlockBytes => checked(Spec.BlockSlots * IndexRow.Bytes);

    private nint LatentBlock(int layer, int block) => Latents(layer) + checked((nint)((long)Existing(block) * LatentBlockBytes));

    private nint IndexBlock(int layer, int block) => IndexKeys(layer) + checked((nint)((long)Existing(block) * IndexBlockBytes));

    private int Existing(int block) => (uint)block < (uint)Blocks
        ? block
        : throw new ShapeException($"block {block} is not in a cache of {Blocks} blocks");
}
