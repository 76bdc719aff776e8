using System.Diagnostics;

namespace Glm5.Core.Accelerator;

/// <summary>
/// The memory of a step's activations: one device allocation, handed out from the front and taken back by scope.
/// Nothing is zeroed. Used by one thread, the rank's. In Debug builds released memory is poisoned and every tensor
/// that an operation receives is checked to be alive.
/// </summary>
public sealed class ActivationArena : IDisposable
{
    /// <summary>Alignment of every tensor, in bytes: a cache line, and what vector units and DMA engines ask for.</summary>
    public const int Alignment = 256;

#if DEBUG
    private readonly DeviceMemory _memory;
#endif
    private readonly DeviceBuffer _buffer;
    private long _used;

    /// <summary>An arena of <paramref name="bytes"/> on a device; it owns the allocation.</summary>
    public ActivationArena(DeviceMemory memory, long bytes)
    {
#if DEBUG
        _memory = memory;
#endif
        _buffer = memory.Allocate(bytes, "the activation arena");
    }

    /// <summary>Size in bytes.</summary>
    public long Bytes => _buffer.Bytes;

    /// <summary>Bytes in use now.</summary>
    public long Used => _used;

    /// <summary>The most that was ever in use: what the arena had to have.</summary>
    public long HighWater { get; private set; }

    /// <summary>An uninitialised tensor that lives until the enclosing <see cref="Scope"/> ends.</summary>
    /// <exception cref="DeviceMemoryException">The arena is too small for the step.</exception>
    public Tensor Take(ElementType type, long d0, long d1 = -1, long d2 = -1)
    {
        long bytes = d0 * (d1 < 0 ? 1 : d1) * (d2 < 0 ? 1 : d2) * type.Bytes();
        long end = _used + Rounded(bytes);
        if (end > _buffer.Bytes)
            throw TooSmall(bytes);
        var tensor = new Tensor(_buffer.Address + (nint)_used, type, d0, d1, d2);
        _used = end;
        HighWater = Math.Max(HighWater, end);
        return tensor;
    }

    /// <summary>Bytes that <see cref="Take"/> could still give: what tiles are sized by.</summary>
    public long Available => _buffer.Bytes - _used;

    /// <summary>Whether a tensor of so many bytes can still be taken, the rounding to <see cref="Alignment"/> counted.</summary>
    public bool HasRoom(long bytes) => Rounded(bytes) <= Available;

    /// <summary>Opens a scope: what is taken inside is given back when it is disposed.</summary>
    public Scope Open() => new(this, _used);

    /// <summary>Debug check that a tensor inside the arena has not been given back. Tensors elsewhere pass.</summary>
    [Conditional("DEBUG")]
    public void CheckAlive(Tensor tensor)
    {
        long offset = tensor.Address - _buffer.Address;
        if (offset >= _used && offset < _buffer.Bytes)
            throw new ShapeException($"a tensor {tensor.Describe()} is used after its scope ended");
    }

    /// <summary>Frees the allocation.</summary>
    public void Dispose() => _buffer.Dispose();

    private static long Rounded(long bytes) => (bytes + Alignment - 1) & -Alignment;

    private void Rewind(long to)
    {
        Debug.Assert(to <= _used, "scopes end in the opposite order of their opening");
#if DEBUG
        _memory.Poison(_buffer.Address + (nint)to, _used - to);
#endif
        _used = to;
    }

    private DeviceMemoryException TooSmall(long bytes) => new(
        $"the activation arena is too small: a tensor of {bytes:N0} bytes was asked for, {Available:N0} of {Bytes:N0} bytes are left; "
        + "lower the token budget of a step (--max-num-batched-tokens)");

    /// <summary>Gives back what was taken since it was opened.</summary>
    public readonly ref struct Scope
    {
        private readonly ActivationArena _arena;
        private readonly long _mark;

        internal Scope(ActivationArena arena, long mark) => (_arena, _mark) = (arena, mark);

        /// <summary>Ends the scope.</summary>
        public void Dispose() => _arena.Rewind(_mark);
    }
}
