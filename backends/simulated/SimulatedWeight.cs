using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Backends.Simulated;

/// <summary>A weight of which only shape and bytes are kept. kv_b_proj's parts count as BF16: absorbing needs them decoded.</summary>
internal sealed class SimulatedWeight : PackedWeight
{
    private readonly DeviceBuffer _memory;

    private SimulatedWeight(WeightRole role, int groups, in WeightSource first, int partsPerGroup, DeviceBuffer memory)
        : base(role, groups, first.Rows * partsPerGroup, first.Columns)
    {
        _memory = memory;
        IsEightBit = first.Type == ElementType.F8E4M3 && !IsDecoded(role);
    }

    /// <summary>True when products with it run on eight-bit inputs.</summary>
    public bool IsEightBit { get; }

    /// <inheritdoc/>
    public override long DeviceBytes => _memory.Bytes;

    /// <summary>Bytes of one group: a head, an expert, or all.</summary>
    public double BytesPerGroup => (double)DeviceBytes / Groups;

    /// <summary>Counts the parts; see <see cref="IAccelerator.Pack"/>.</summary>
    public static SimulatedWeight Pack(DeviceMemory memory, ReadOnlySpan<WeightSource> parts, WeightRole role)
    {
        if (parts.IsEmpty)
            throw new AcceleratorException($"a weight of role {role} was packed from no stored matrix");
        long bytes = 0;
        foreach (ref readonly WeightSource part in parts)
            bytes += BytesOf(role, part);
        int perGroup = role == WeightRole.GateUp ? 2 : 1;
        return new SimulatedWeight(
            role, parts.Length / perGroup, parts[0], perGroup, memory.Allocate(bytes, parts[0].Name));
    }

    /// <summary>Device bytes of one part.</summary>
    public static long BytesOf(WeightRole role, in WeightSource part) =>
        role == WeightRole.Vector ? part.Columns * sizeof(float)
        : IsDecoded(role) ? part.Rows * part.Columns * ElementType.BF16.Bytes()
        : part.StoredBytes;

    /// <inheritdoc/>
    public override Tensor AsVector() => Role == WeightRole.Vector
        ? new Tensor(_memory.Address, ElementType.F32, 1, Columns)
        : base.AsVector();

    /// <inheritdoc/>
    public override void Dispose() => _memory.Dispose();

    private static bool IsDecoded(WeightRole role) => role is WeightRole.KeyUp or WeightRole.ValueUp;
}
