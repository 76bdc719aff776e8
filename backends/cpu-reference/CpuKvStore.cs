using System.Runtime.InteropServices;
using Glm5.Backends.CpuReference.Simd.Attention;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference;

/// <summary>
/// Both caches, one row a slot: latents [layers, blocks, slots, row] and index keys likewise, rows as
/// <see cref="RowLayout"/> says. A row's slot is block · BlockSlots + offset, so kernels need one address a layer.
/// </summary>
public sealed unsafe class CpuKvStore : KvStore
{
    private readonly DeviceBuffer _latents, _indexKeys;
    private readonly RowLayout _latentRow, _indexRow;
    private readonly float[] _row;
    private readonly int _slots;

    /// <summary>Allocates zeroed caches.</summary>
    /// <exception cref="DeviceMemoryException">They do not fit.</exception>
    public CpuKvStore(DeviceMemory memory, KvSpec spec, int blocks)
        : base(spec, blocks)
    {
        _slots = checked(blocks * spec.BlockSlots);
        (_latentRow, _indexRow) = (RowLayout.OfLatents(spec), RowLayout.OfIndexKeys(spec));
        _row = new float[Math.Max(_latentRow.Width, _indexRow.Width)];
        _latents = memory.Allocate(LayerBytes(_latentRow) * spec.Layers, $"the latent cache of {blocks} blocks");
        try
        {
            _indexKeys = memory.Allocate(LayerBytes(_indexRow) * spec.Layers, $"the index key cache of {blocks} blocks");
        }
        catch
        {
            _latents.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override string LayoutId =>
        $"cpu {Spec.Format switch { KvFormat.F32 => "f32", KvFormat.BF16 => "bf16", _ => "fp8" }}, "
        + $"{Spec.Layers} layers x {Spec.BlockSlots} slots x "
        + $"({Spec.LatentWidth} + {Spec.RopeWidth} latent, {Spec.IndexWidth} index)";

    /// <inheritdoc/>
    public override long BlockBytes => BytesPerBlock(Spec);

    /// <summary>Bytes of a block of such a store.</summary>
    public static long BytesPerBlock(KvSpec spec) => checked(spec.TokenBytes * spec.BlockSlots);

    /// <summary>A slot's row [latent + rope], to read or write in place; F32 caches alone have it.</summary>
    public Span<float> Latent(int layer, int slot) => InPlace(LatentBytes(layer, slot));

    /// <summary>A slot's index key [index], to read or write in place; F32 caches alone have it.</summary>
    public Span<float> IndexKey(int layer, int slot) => InPlace(IndexBytes(layer, slot));

    /// <summary>A slot's row [latent + rope], decoded to <paramref name="room"/> unless it can be read in place.</summary>
    public ReadOnlySpan<float> Latent(int layer, int slot, Span<float> room) =>
        Decoded(_latentRow, LatentBytes(layer, slot), room);

    /// <summary>A slot's index key [index], decoded to <paramref name="room"/> unless it can be read in place.</summary>
    public ReadOnlySpan<float> IndexKey(int layer, int slot, Span<float> room) =>
        Decoded(_indexRow, IndexBytes(layer, slot), room);

    /// <summary>Rounds a row [latent + rope] to a slot.</summary>
    public void WriteLatent(int layer, int slot, ReadOnlySpan<float> row) =>
        PlainRows.Encode(_latentRow, row, LatentBytes(layer, slot));

    /// <summary>Rounds an index key [index] to a slot.</summary>
    public void WriteIndexKey(int layer, int slot, ReadOnlySpan<float> key) =>
        PlainRows.Encode(_indexRow, key, IndexBytes(layer, slot));

    /// <summary>A layer's latent rows, for kernels.</summary>
    internal CachedRows LatentRows(int layer) => new(LayerOf(_latents, _latentRow, layer), _latentRow);

    /// <summary>A layer's index keys, for kernels.</summary>
    internal CachedRows IndexRows(int layer) => new(LayerOf(_indexKeys, _indexRow, layer), _indexRow);

    /// <inheritdoc/>
    public override void WriteLatent(int layer, StepPlan plan, Tensor latent, Tensor rope)
    {
        Check("WriteLatent", layer, latent, plan.Layout.TokenCount, Spec.LatentWidth);
        Check("WriteLatent", layer, rope, plan.Layout.TokenCount, Spec.RopeWidth);
        ReadOnlySpan<int> slots = plan.Layout.Slots;
        for (int t = 0; t < slots.Length; t++)
        {
            Span<float> row = _row.AsSpan(0, _latentRow.Width);
            Row(latent, t).CopyTo(row);
            Row(rope, t).CopyTo(row[Spec.LatentWidth..]);
            WriteLatent(layer, slots[t], row);
        }
    }

    /// <inheritdoc/>
    public override void WriteIndexKeys(int layer, StepPlan plan, Tensor keys)
    {
        Check("WriteIndexKeys", layer, keys, plan.Layout.TokenCount, Spec.IndexWidth);
        ReadOnlySpan<int> slots = plan.Layout.Slots;
        for (int t = 0; t < slots.Length; t++)
            WriteIndexKey(layer, slots[t], Row(keys, t));
    }

    /// <inheritdoc/>
    public override void ReadLatent(int layer, StepPlan plan, int sequence, long from, Tensor into)
    {
        Check("ReadLatent", layer, into, into[0], _latentRow.Width);
        BlockTable blocks = plan.Layout.BlockTables[sequence];
        for (int i = 0; i < into[0]; i++)
            PlainRows.Decode(_latentRow, LatentBytes(layer, blocks.SlotOf((int)from + i, Spec.BlockSlots)), Row(into, i));
    }

    /// <inheritdoc/>
    public override void ReadIndexKeys(int layer, StepPlan plan, int sequence, long from, Tensor into)
    {
        Check("ReadIndexKeys", layer, into, into[0], _indexRow.Width);
        BlockTable blocks = plan.Layout.BlockTables[sequence];
        for (int i = 0; i < into[0]; i++)
            PlainRows.Decode(_indexRow, IndexBytes(layer, blocks.SlotOf((int)from + i, Spec.BlockSlots)), Row(into, i));
    }

    /// <inheritdoc/>
    public override void CopyBlock(int from, int to)
    {
        for (int layer = 0; layer < Spec.Layers; layer++)
        {
            LatentBlock(layer, from).CopyTo(LatentBlock(layer, to));
            IndexBlock(layer, from).CopyTo(IndexBlock(layer, to));
        }
    }

    /// <inheritdoc/>
    public override void Export(int block, Span<byte> into)
    {
        CheckSize(into.Length);
        for (int layer = 0; layer < Spec.Layers; layer++)
        {
            into = Put(LatentBlock(layer, block), into);
            into = Put(IndexBlock(layer, block), into);
        }
    }

    /// <inheritdoc/>
    public override void Import(int block, ReadOnlySpan<byte> from)
    {
        CheckSize(from.Length);
        for (int layer = 0; layer < Spec.Layers; layer++)
        {
            from = Take(from, LatentBlock(layer, block));
            from = Take(from, IndexBlock(layer, block));
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _latents.Dispose();
        _indexKeys.Dispose();
    }

    private long LayerBytes(RowLayout row) => checked((long)_slots * row.Bytes);

    private byte* LayerOf(DeviceBuffer cache, RowLayout row, int layer) => (byte*)cache.Address + (layer * LayerBytes(row));

    private Span<byte> LatentBytes(int layer, int slot, int rows = 1) => RowsOf(_latents, _latentRow, layer, slot, rows);

    private Span<byte> IndexBytes(int layer, int slot, int rows = 1) => RowsOf(_indexKeys, _indexRow, layer, slot, rows);

    private Span<byte> RowsOf(DeviceBuffer cache, RowLayout row, int layer, int slot, int rows) =>
        new(LayerOf(cache, row, layer) + ((long)Existing(slot) * row.Bytes), checked(rows * row.Bytes));

    private static ReadOnlySpan<float> Decoded(RowLayout layout, ReadOnlySpan<byte> row, Span<float> room)
    {
        if (layout.Format == KvFormat.F32)
            return MemoryMarshal.Cast<byte, float>(row);
        PlainRows.Decode(layout, row, room);
        return room[..layout.Width];
    }

    private Span<float> InPlace(Span<byte> row) => Spec.Format == KvFormat.F32
        ? MemoryMarshal.Cast<byte, float>(row)
        : throw new InvalidOperationException($"rows of {LayoutId} are not floats");

    private static Span<byte> Put(ReadOnlySpan<byte> block, Span<byte> into)
    {
        block.CopyTo(into);
        return into[block.Length..];
    }

    private static ReadOnlySpan<byte> Take(ReadOnlySpan<byte> from, Span<byte> block)
    {
        from[..block.Length].CopyTo(block);
        return from[block.Length..];
    }

    private static Span<float> Row(Tensor tensor, long t) =>
        new((float*)tensor.Address + (t * tensor.Stride(0)), (int)tensor[1]);

    private Span<byte> LatentBlock(int layer, int block) => LatentBytes(layer, block * Spec.BlockSlots, Spec.BlockSlots);

    private Span<byte> IndexBlock(int layer, int block) => IndexBytes(layer, block * Spec.BlockSlots, Spec.BlockSlots);

    private int Existing(int slot) => (uint)slot < (uint)_slots
        ? slot
        : throw new ShapeException($"slot {slot} is not in a cache of {Blocks} blocks of {Spec.BlockSlots} slots");
}
