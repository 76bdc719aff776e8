using System.Runtime.InteropServices;
using Glm5.Backends.Ascend.Interop;
using Glm5.Backends.Ascend.Ops;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend;

/// <summary>
/// Three caches as the paged operators of CANN take them (PA_BSND), each [layers][blocks, slots, 1, width]: latents,
/// rotated keys, index keys. Everything happens in the stream's order.
/// </summary>
internal sealed class AscendKvStore : KvStore
{
    private readonly AscendMemory _memory;
    private readonly Kernels _kernels;
    private readonly ElementType _type;
    private readonly PinnedStage _slotsOfReads;
    private readonly DeviceBuffer[] _caches = new DeviceBuffer[3];
    private readonly int[] _widths;
    private readonly long _slots;

    /// <summary>Allocates zeroed caches of an element type.</summary>
    /// <exception cref="DeviceMemoryException">They do not fit.</exception>
    public AscendKvStore(
        AscendDevice device, AscendMemory memory, Kernels kernels, KvSpec spec, int blocks, ElementType type, bool keysInHalves)
        : base(spec, blocks)
    {
        (_memory, _kernels, _type, KeysInHalves) = (memory, kernels, type, keysInHalves);
        _widths = [spec.LatentWidth, spec.RopeWidth, spec.IndexWidth];
        _slots = (long)blocks * spec.BlockSlots;
        _slotsOfReads = new PinnedStage(device, memory, "slots to be read");
        try
        {
            for (int cache = 0; cache < _caches.Length; cache++)
            {
                long bytes = checked(spec.Layers * _slots * _widths[cache] * type.Bytes());
                _caches[cache] = memory.Allocate(bytes, $"the caches of {blocks} blocks");
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Rotated keys lie as CANN's rope operators leave them (<see cref="RopeLayout"/>).</summary>
    public bool KeysInHalves { get; }

    /// <inheritdoc/>
    public override string LayoutId =>
        $"ascend {_type}, {Spec.Layers} layers x {Spec.BlockSlots} slots x "
        + $"({Spec.LatentWidth} latent, {Spec.RopeWidth} rope{(KeysInHalves ? " in halves" : "")}, {Spec.IndexWidth} index)";

    /// <inheritdoc/>
    public override long BlockBytes => BytesPerBlock(Spec, _type);

    /// <summary>Bytes of a block of such a store.</summary>
    public static long BytesPerBlock(KvSpec spec, ElementType type) =>
        (long)spec.Layers * spec.BlockSlots * (spec.LatentWidth + spec.RopeWidth + spec.IndexWidth) * type.Bytes();

    /// <summary>A layer's latents, [blocks, slots, 1, latent].</summary>
    public View Latents(int layer) => Paged(0, layer);

    /// <summary>A layer's rotated keys, [blocks, slots, 1, rope].</summary>
    public View RotatedKeys(int layer) => Paged(1, layer);

    /// <summary>A layer's index keys, [blocks, slots, 1, index].</summary>
    public View IndexKeys(int layer) => Paged(2, layer);

    /// <inheritdoc/>
    public override void WriteLatent(int layer, StepPlan plan, Tensor latent, Tensor rope)
    {
        Write("WriteLatent", 0, layer, plan, latent);
        Write("WriteLatent", 1, layer, plan, rope, inHalves: KeysInHalves);
    }

    /// <inheritdoc/>
    public override void WriteIndexKeys(int layer, StepPlan plan, Tensor keys) => Write("WriteIndexKeys", 2, layer, plan, keys);

    /// <inheritdoc/>
    public override void ReadLatent(int layer, StepPlan plan, int sequence, long from, Tensor into)
    {
        Check("ReadLatent", layer, into, into[0], Spec.LatentWidth + Spec.RopeWidth);
        View slots = SlotsOf(plan, sequence, from, into[0]);
        Read(0, layer, slots, View.Of(into.Columns(0, Spec.LatentWidth)));
        Read(1, layer, slots, View.Of(into.Columns(Spec.LatentWidth, Spec.RopeWidth)), inHalves: KeysInHalves);
    }

    /// <inheritdoc/>
    public override void ReadIndexKeys(int layer, StepPlan plan, int sequence, long from, Tensor into)
    {
        Check("ReadIndexKeys", layer, into, into[0], Spec.IndexWidth);
        Read(2, layer, SlotsOf(plan, sequence, from, into[0]), View.Of(into));
    }

    /// <inheritdoc/>
    public override void CopyBlock(int from, int to)
    {
        for (int cache = 0; cache < _caches.Length; cache++)
        {
            for (int layer = 0; layer < Spec.Layers; layer++)
                _memory.Copy(Block(cache, layer, from), Block(cache, layer, to), PartBytes(cache));
        }
    }

    /// <inheritdoc/>
    public override void Export(int block, Span<byte> into)
    {
        CheckSize(into.Length);
        for (int cache = 0; cache < _caches.Length; cache++)
        {
            for (int layer = 0; layer < Spec.Layers; layer++, into = into[PartBytes(cache)..])
                _memory.CopyOut(Block(cache, layer, block), into[..PartBytes(cache)]);
        }
    }

    /// <inheritdoc/>
    public override void Import(int block, ReadOnlySpan<byte> from)
    {
        CheckSize(from.Length);
        for (int cache = 0; cache < _caches.Length; cache++)
        {
            for (int layer = 0; layer < Spec.Layers; layer++, from = from[PartBytes(cache)..])
                _memory.Upload(from[..PartBytes(cache)], new Tensor(Block(cache, layer, block), ElementType.F8E4M3, PartBytes(cache)));
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (DeviceBuffer? cache in _caches)
            cache?.Dispose();
        _slotsOfReads.Dispose();
    }

    private void Write(string op, int cache, int layer, StepPlan plan, Tensor rows, bool inHalves = false)
    {
        Check(op, layer, rows, plan.Layout.TokenCount, _widths[cache]);
        using ActivationArena.Scope scope = _kernels.Scratch.Open();
        View values = View.Of(rows);
        if (inHalves)
        {
            View halves = _kernels.TemporaryLike(values, View.InCann(_type));
            RopeLayout.ToHalves(_kernels, values.WithOneAt(1), halves.WithOneAt(1));
            values = halves;
        }
        else if (View.InCann(_type) != values.Type)
        {
            values = _kernels.DenseAs(values, View.InCann(_type));
        }

        _kernels.ScatterRows(values, View.Of(plan.Slots), Flat(cache, layer));
    }

    private void Read(int cache, int layer, in View slots, in View into, bool inHalves = false)
    {
        using ActivationArena.Scope scope = _kernels.Scratch.Open();
        View rows = _kernels.Temporary(View.InCann(_type), slots[0], _widths[cache]);
        _kernels.GatherRows(Flat(cache, layer), slots, rows);
        if (inHalves)
            RopeLayout.ToPairs(_kernels, rows.WithOneAt(1), into.WithOneAt(1));
        else
            _kernels.Convert(rows, into);
    }

    /// <summary>The slots of positions from … of a sequence, [count] I32, until the next read.</summary>
    private View SlotsOf(StepPlan plan, int sequence, long from, long count)
    {
        int bytes = checked((int)count * sizeof(int));
        Span<int> slots = MemoryMarshal.Cast<byte, int>(_slotsOfReads.Host(bytes));
        BlockTable blocks = plan.Layout.BlockTables[sequence];
        for (int i = 0; i < slots.Length; i++)
            slots[i] = blocks.SlotOf((int)from + i, Spec.BlockSlots);
        _slotsOfReads.Send(bytes);
        return View.Dense(_slotsOfReads.Address, AclDataType.Int32, count);
    }

    private View Flat(int cache, int layer) => View.Dense(LayerAddress(cache, layer), View.InCann(_type), _slots, _widths[cache]);

    private View Paged(int cache, int layer) =>
        View.Dense(LayerAddress(cache, layer), View.InCann(_type), Blocks, Spec.BlockSlots, 1, _widths[cache]);

    private nint LayerAddress(int cache, int layer) =>
        _caches[cache].Address + checked((nint)(layer * _slots * _widths[cache] * _type.Bytes()));

    private nint Block(int cache, int layer, int block) => (uint)block < (uint)Blocks
        ? LayerAddress(cache, layer) + ((nint)block * PartBytes(cache))
        : throw new ShapeException($"block {block} is not in a cache of {Blocks} blocks");

    private int PartBytes(int cache) => Spec.BlockSlots * _widths[cache] * _type.Bytes();
}
