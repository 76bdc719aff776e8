using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference;

/// <summary>
/// Both caches in F32, one row a slot: latents [layers, blocks, slots, latent + rope] and index keys
/// [layers, blocks, slots, index]. A row's slot is block · BlockSlots + offset, so kernels need one address a layer.
/// </summary>
public sealed unsafe class CpuKvStore : KvStore
{
    private readonly DeviceBuffer _latents, _indexKeys;
    private readonly int _slots;

    /// <summary>Allocates zeroed caches.</summary>
    /// <exception cref="DeviceMemoryException">They do not fit.</exception>
    public CpuKvStore(DeviceMemory memory, KvSpec spec, int blocks)
        : base(spec, blocks)
    {
        _slots = checked(blocks * spec.BlockSlots);
        LatentStride = spec.LatentWidth + spec.RopeWidth;
        IndexStride = spec.IndexWidth;
        _latents = memory.Allocate(BytesOf(spec.Layers * (long)_slots, LatentStride), $"the latent cache of {blocks} blocks");
        try
        {
            _indexKeys = memory.Allocate(
                BytesOf(spec.Layers * (long)_slots, IndexStride), $"the index key cache of {blocks} blocks");
        }
        catch
        {
            _latents.Dispose();
            throw;
        }
    }

    /// <summary>Floats from one latent row to the next: latent, then rope.</summary>
    public int LatentStride { get; }

    /// <summary>Floats from one index key to the next.</summary>
    public int IndexStride { get; }

    /// <inheritdoc/>
    public override string LayoutId =>
        $"cpu f32, {Spec.Layers} layers x {Spec.BlockSlots} slots x "
        + $"({Spec.LatentWidth} + {Spec.RopeWidth} latent, {Spec.IndexWidth} index)";

    /// <inheritdoc/>
    public override long BlockBytes => BytesPerBlock(Spec);

    /// <summary>Bytes of a block of such a store.</summary>
    public static long BytesPerBlock(KvSpec spec) =>
        spec.Layers * BytesOf(spec.BlockSlots, spec.LatentWidth + spec.RopeWidth + spec.IndexWidth);

    private long LatentBlockBytes => BytesOf(Spec.BlockSlots, LatentStride);

    private long IndexBlockBytes => BytesOf(Spec.BlockSlots, IndexStride);

    /// <summary>Address of a layer's latent row of slot 0; slot s is s · <see cref="LatentStride"/> floats further.</summary>
    public float* LatentRows(int layer) => (float*)_latents.Address + ((long)layer * _slots * LatentStride);

    /// <summary>Address of a layer's index key of slot 0; slot s is s · <see cref="IndexStride"/> floats further.</summary>
    public float* IndexRows(int layer) => (float*)_indexKeys.Address + ((long)layer * _slots * IndexStride);

    /// <summary>A slot's row [latent + rope], to read or write in place.</summary>
    public Span<float> Latent(int layer, int slot) =>
        new(LatentRows(layer) + ((long)Existing(slot) * LatentStride), LatentStride);

    /// <summary>A slot's index key [index], to read or write in place.</summary>
    public Span<float> IndexKey(int layer, int slot) =>
        new(IndexRows(layer) + ((long)Existing(slot) * IndexStride), IndexStride);

    /// <inheritdoc/>
    public override void WriteLatent(int layer, StepPlan plan, Tensor latent, Tensor rope)
    {
        Check("WriteLatent", layer, latent, plan.Layout.TokenCount, Spec.LatentWidth);
        Check("WriteLatent", layer, rope, plan.Layout.TokenCount, Spec.RopeWidth);
        ReadOnlySpan<int> slots = plan.Layout.Slots;
        for (int t = 0; t < slots.Length; t++)
        {
            Span<float> row = Latent(layer, slots[t]);
            Row(latent, t).CopyTo(row);
            Row(rope, t).CopyTo(row[Spec.LatentWidth..]);
        }
    }

    /// <inheritdoc/>
    public override void WriteIndexKeys(int layer, StepPlan plan, Tensor keys)
    {
        Check("WriteIndexKeys", layer, keys, plan.Layout.TokenCount, Spec.IndexWidth);
        ReadOnlySpan<int> slots = plan.Layout.Slots;
        for (int t = 0; t < slots.Length; t++)
            Row(keys, t).CopyTo(IndexKey(layer, slots[t]));
    }

    /// <inheritdoc/>
    public override void ReadLatent(int layer, StepPlan plan, int sequence, long from, Tensor into)
    {
        Check("ReadLatent", layer, into, into[0], LatentStride);
        BlockTable blocks = plan.Layout.BlockTables[sequence];
        for (int i = 0; i < into[0]; i++)
            Latent(layer, blocks.SlotOf((int)from + i, Spec.BlockSlots)).CopyTo(Row(into, i));
    }

    /// <inheritdoc/>
    public override void ReadIndexKeys(int layer, StepPlan plan, int sequence, long from, Tensor into)
    {
        Check("ReadIndexKeys", layer, into, into[0], IndexStride);
        BlockTable blocks = plan.Layout.BlockTables[sequence];
        for (int i = 0; i < into[0]; i++)
            IndexKey(layer, blocks.SlotOf((int)from + i, Spec.BlockSlots)).CopyTo(Row(into, i));
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

    private static long BytesOf(long rows, long width) => checked(rows * width * sizeof(float));

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

    private Span<byte> LatentBlock(int layer, int block) =>
        new(LatentRows(layer) + ((long)Existing(block * Spec.BlockSlots) * LatentStride), checked((int)LatentBlockBytes));

    private Span<byte> IndexBlock(int layer, int block) =>
        new(IndexRows(layer) + ((long)Existing(block * Spec.BlockSlots) * IndexStride), checked((int)IndexBlockBytes));

    private int Existing(int slot) => (uint)slot < (uint)_slots
        ? slot
        : throw new ShapeException($"slot {slot} is not in a cache of {Blocks} blocks of {Spec.BlockSlots} slots");

    private void Check(string op, int layer, Tensor tensor, long rows, long width)
    {
        if ((uint)layer >= (uint)Spec.Layers)
            throw new ShapeException($"{op}: layer {layer} has no cache, the store has {Spec.Layers} layers");
        if (tensor.Type != ElementType.F32 || tensor.Rank != 2 || tensor[0] != rows || tensor[1] != width)
            throw new ShapeException($"{op}: expected a tensor of shape F32 [{rows}, {width}], got {tensor.Describe()}");
    }

    private void CheckSize(int bytes)
    {
        if (bytes != BlockBytes)
            throw new ShapeException($"a block of this store ({LayoutId}) has {BlockBytes:N0} bytes, got {bytes:N0}");
    }
}
