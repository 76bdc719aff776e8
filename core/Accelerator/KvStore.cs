namespace Glm5.Core.Accelerator;

/// <summary>The shape of the caches of one rank.</summary>
/// <param name="Layers">Layers with a cache, the draft layer included.</param>
/// <param name="LatentWidth">kv_lora_rank.</param>
/// <param name="RopeWidth">qk_rope_head_dim.</param>
/// <param name="IndexWidth">index_head_dim.</param>
/// <param name="BlockSlots">Tokens in a block.</param>
public sealed record KvSpec(int Layers, int LatentWidth, int RopeWidth, int IndexWidth, int BlockSlots)
{
    /// <summary>How rows are stored; one that the device's <see cref="Capabilities.KvFormats"/> have.</summary>
    public KvFormat Format { get; init; }

    /// <summary>Bytes of a token over all layers and both caches, without what a device may add for itself.</summary>
    public long TokenBytes => (long)Layers * (Format.LatentBytes(LatentWidth, RopeWidth) + Format.IndexBytes(IndexWidth));
}

/// <summary>
/// The latent cache and the indexer's key cache of one rank, in blocks that both share by id. Block 0 belongs to graph
/// padding and never to a sequence. The bytes of a block are the backend's own: core copies, exports and imports them
/// and knows them by <see cref="LayoutId"/> alone. Owned by the rank, disposed with it.
/// </summary>
public abstract class KvStore(KvSpec spec, int blocks) : IDisposable
{
    /// <summary>The shape it was made for.</summary>
    public KvSpec Spec { get; } = spec;

    /// <summary>Blocks in the store, block 0 included.</summary>
    public int Blocks { get; } = blocks;

    /// <summary>Names the byte layout of a block; exports are importable exactly where it is equal.</summary>
    public abstract string LayoutId { get; }

    /// <summary>Bytes of one block over all layers.</summary>
    public abstract long BlockBytes { get; }

    /// <summary>Bytes of the host that an export takes: the block's, or none where a store holds nothing.</summary>
    public virtual long ExportBytes => BlockBytes;

    /// <summary>Writes this step's latents [tokens, latent] and rotated keys [tokens, rope] to the plan's slots.</summary>
    public abstract void WriteLatent(int layer, StepPlan plan, Tensor latent, Tensor rope);

    /// <summary>Writes this step's rotated index keys [tokens, index] to the plan's slots.</summary>
    public abstract void WriteIndexKeys(int layer, StepPlan plan, Tensor keys);

    /// <summary>Reads positions <paramref name="from"/> … of a sequence of the step as F32 [count, latent + rope].</summary>
    public abstract void ReadLatent(int layer, StepPlan plan, int sequence, long from, Tensor into);

    /// <summary>Reads index keys of positions <paramref name="from"/> … of a sequence of the step as F32 [count, index].</summary>
    public abstract void ReadIndexKeys(int layer, StepPlan plan, int sequence, long from, Tensor into);

    /// <summary>Copies a block, all layers, within the store.</summary>
    public abstract void CopyBlock(int from, int to);

    /// <summary>Copies a block to <see cref="ExportBytes"/> of the host.</summary>
    public abstract void Export(int block, Span<byte> into);

    /// <summary>Fills a block from an export of the same <see cref="LayoutId"/>.</summary>
    public abstract void Import(int block, ReadOnlySpan<byte> from);

    /// <summary>Frees the store's memory. A second call does nothing.</summary>
    public abstract void Dispose();

    /// <summary>Throws unless the layer has a cache and the tensor is F32 of this shape.</summary>
    protected void Check(string op, int layer, Tensor tensor, long rows, long width)
    {
        if ((uint)layer >= (uint)Spec.Layers)
            throw new ShapeException($"{op}: layer {layer} has no cache, the store has {Spec.Layers} layers");
        if (tensor.Type != ElementType.F32 || tensor.Rank != 2 || tensor[0] != rows || tensor[1] != width)
            throw new ShapeException($"{op}: expected a tensor of shape F32 [{rows}, {width}], got {tensor.Describe()}");
    }

    /// <summary>Throws unless so many bytes are an export.</summary>
    protected void CheckSize(int bytes)
    {
        if (bytes != BlockBytes)
            throw new ShapeException($"a block of this store ({LayoutId}) has {BlockBytes:N0} bytes, got {bytes:N0}");
    }
}
