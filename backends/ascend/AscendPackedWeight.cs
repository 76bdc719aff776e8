using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend;

/// <summary>
/// A weight in device memory, row by row as it is stored: [groups, rows, columns] in the type products are computed in,
/// F32 for vectors and the router, 8-bit integers with a scale a row for quantised products.
/// </summary>
internal sealed class AscendPackedWeight(
    WeightRole role, int groups, long rows, long columns, AclDataType type, DeviceBuffer buffer,
    DeviceBuffer? scales = null, WeightConversion? conversion = null)
    : PackedWeight(role, groups, rows, columns)
{
    /// <inheritdoc/>
    public override WeightConversion? Conversion { get; } = conversion;

    /// <summary>True for codes that are multiplied by a scale a row.</summary>
    public bool IsQuantised => scales is not null;

    /// <summary>Scales of one group, [rows] F32.</summary>
    public View Scales => View.Dense(scales!.Address, AclDataType.Float, Rows);

    /// <summary>Scales of all groups, [groups, rows] F32.</summary>
    public View AllScales => View.Dense(scales!.Address, AclDataType.Float, Groups, Rows);

    /// <summary>Element type.</summary>
    public AclDataType Type { get; } = type;

    /// <inheritdoc/>
    public override long DeviceBytes => buffer.Bytes + (scales?.Bytes ?? 0);

    /// <summary>One group, [rows, columns].</summary>
    public View Matrix(int group = 0) =>
        View.Dense(buffer.Address + (nint)(group * Rows * Columns * View.Bytes(Type)), Type, Rows, Columns);

    /// <summary>All groups, [groups, rows, columns].</summary>
    public View Matrices => View.Dense(buffer.Address, Type, Groups, Rows, Columns);

    /// <summary>A vector, [columns].</summary>
    public View Vector => View.Dense(buffer.Address, Type, Columns);

    /// <inheritdoc/>
    public override Tensor AsVector() =>
        Role == WeightRole.Vector ? new Tensor(buffer.Address, ElementType.F32, 1, Columns) : base.AsVector();

    /// <inheritdoc/>
    public override void Dispose()
    {
        buffer.Dispose();
        scales?.Dispose();
    }
}
