using Glm5.Core.Accelerator;

namespace Glm5.Backends.Cuda;

/// <summary>The scales of a packed matrix in device memory.</summary>
/// <param name="Address">The first; 0 where there are none.</param>
/// <param name="Columns">Scales from one row of blocks to the next; 0: one a row of the matrix.</param>
/// <param name="PartRows">Rows of a stored part.</param>
/// <param name="PartBlocks">Rows of blocks of a stored part.</param>
/// <param name="RowOrigin">Rows of a part's first block that belong to other shards.</param>
/// <param name="ColumnOrigin">Columns of it that do.</param>
internal readonly record struct DeviceScales(
    nint Address, int Columns, int PartRows, int PartBlocks, int RowOrigin, int ColumnOrigin)
{
    /// <summary>Of a matrix that has none.</summary>
    public static DeviceScales None { get; } = new(0, 0, 1, 1, 0, 0);
}

/// <summary>
/// A weight in device memory as it is stored, [groups, rows, <see cref="Ld"/>]: rows are padded with zeros to whole 16s, so that
/// a lane reads 16 bytes. Vectors are F32.
/// </summary>
internal sealed class CudaPackedWeight(
    WeightRole role, int groups, long rows, long columns, ElementType type, int ld, DeviceBuffer buffer,
    DeviceBuffer? scaleBuffer, DeviceScales scales)
    : PackedWeight(role, groups, rows, columns)
{
    /// <summary>Elements from one row to the next.</summary>
    public int Ld => ld;

    /// <summary>What one element is.</summary>
    public ElementType Type => type;

    /// <summary>The first element.</summary>
    public nint Address => buffer.Address;

    /// <summary>Its scales.</summary>
    public DeviceScales Scales => scales;

    /// <summary>Output rows that a product gives, applied as x · Wᵀ: keys are packed the other way round for it.</summary>
    public long Outputs => Role == WeightRole.KeyUp ? Columns : Rows;

    /// <summary>Elements that a product sums over.</summary>
    public long Depth => Role == WeightRole.KeyUp ? Rows : Columns;

    /// <inheritdoc/>
    public override long DeviceBytes => buffer.Bytes + (scaleBuffer?.Bytes ?? 0);

    /// <inheritdoc/>
    public override Tensor AsVector() =>
        Role == WeightRole.Vector ? new Tensor(buffer.Address, ElementType.F32, 1, Columns) : base.AsVector();

    /// <inheritdoc/>
    public override void Dispose()
    {
        buffer.Dispose();
        scaleBuffer?.Dispose();
    }
}
