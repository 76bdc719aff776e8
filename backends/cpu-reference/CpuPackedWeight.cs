using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Backends.CpuReference;

/// <summary>
/// A weight that stays where the checkpoint has it: kernels read the stored parts in place, block scales included, and
/// the checkpoint must outlive it. Vectors alone are copied, widened to F32.
/// </summary>
public sealed unsafe class CpuPackedWeight : PackedWeight
{
    private readonly WeightSource[] _parts;
    private readonly DeviceBuffer? _vector;

    private CpuPackedWeight(WeightRole role, WeightSource[] parts, DeviceBuffer? vector)
        : base(role, parts.Length / PartsPerGroup(role), parts[0].Rows * PartsPerGroup(role), parts[0].Columns)
    {
        _parts = parts;
        _vector = vector;
    }

    /// <summary>The stored matrices, in the order of <see cref="IAccelerator.Pack"/>: one a group, of a
    /// <see cref="WeightRole.GateUp"/> gate and up of each group by turns.</summary>
    public ReadOnlySpan<WeightSource> Parts => _parts;

    /// <inheritdoc/>
    public override long DeviceBytes => _vector?.Bytes ?? 0;

    /// <summary>Packs the parts; see <see cref="IAccelerator.Pack"/>.</summary>
    /// <param name="memory">Where vectors go.</param>
    /// <param name="parts">This rank's shard.</param>
    /// <param name="role">What it is for.</param>
    /// <param name="ranks">Ranks of the group: a row-parallel shard must hold whole chunks.</param>
    /// <exception cref="AcceleratorException">A part does not fit its role; names the weight.</exception>
    public static CpuPackedWeight Pack(
        DeviceMemory memory, ReadOnlySpan<WeightSource> parts, WeightRole role, int ranks)
    {
        PackCheck.Parts(parts, role, ranks);
        DeviceBuffer? vector = role == WeightRole.Vector ? Widen(memory, parts[0]) : null;
        return new CpuPackedWeight(role, parts.ToArray(), vector);
    }

    /// <summary>Element [n, k] … [n, k + into.Length - 1] of a group as F32: the definition of what the weight is.</summary>
    public void Decode(int group, long n, long k, Span<float> into)
    {
        long rowsOfPart = _parts[0].Rows;
        int part = (group * PartsPerGroup(Role)) + (int)(n / rowsOfPart);
        _parts[part].Decode(n % rowsOfPart, k, into);
    }

    /// <inheritdoc/>
    public override Tensor AsVector() => _vector is null
        ? base.AsVector()
        : new Tensor(_vector.Address, ElementType.F32, 1, Columns);

    /// <inheritdoc/>
    public override void Dispose() => _vector?.Dispose();

    /// <summary>Stored matrices that make one group.</summary>
    internal static int PartsPerGroup(WeightRole role) => role == WeightRole.GateUp ? 2 : 1;

    private static DeviceBuffer Widen(DeviceMemory memory, WeightSource part)
    {
        DeviceBuffer buffer = memory.Allocate(part.Columns * sizeof(float), part.Name);
        part.Decode(0, 0, new Span<float>((void*)buffer.Address, (int)part.Columns));
        return buffer;
    }
}
