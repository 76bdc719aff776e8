using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend;

/// <summary>
/// A weight in device memory, row by row as it is stored, [groups, rows, columns], or turned and in the tiles of cube cores
/// (<see cref="WeightTiles"/>): in the type products are computed in, F32 for vectors and the router, 8-bit integers with a
/// scale a row for quantised products.
/// </summary>
internal sealed class AscendPackedWeight(
    WeightRole role, int groups, long rows, long columns, AclDataType type, DeviceBuffer buffer,
    DeviceBuffer? scales = null, WeightConversion? conversion = null, bool isTiled = false)
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

    /// <summary>True when it lies turned and in tiles: then <see cref="Tiles"/> is what it is, and no view below.</summary>
    public bool IsTiled { get; } = isTiled;

    /// <summary>The right side of a product, [columns, rows], in tiles.</summary>
    public View Tiles => View.Dense(buffer.Address, Type, Columns, Rows).InTiles();

    /// <summary>The same shown as it lies, [rows / w, columns / 16, 16, w].</summary>
    public View TilesAsTheyLie
    {
        get
        {
            int width = WeightTiles.Width(Type);
            return View.Dense(buffer.Address, Type, Rows / width, Columns / WeightTiles.Height, WeightTiles.Height, width).InTiles();
        }
    }

    /// <summary>Right sides of all groups, [groups, columns, rows], in tiles.</summary>
    public View GroupsOfTiles => View.Dense(buffer.Address, Type, Groups, Columns, Rows).InTiles();

    /// <summary>One group, [rows, columns].</summary>
    public View Matrix(int group = 0) => IsTiled ? throw new InvalidOperationException("a tiled weight was read row by row") :
        View.Dense(buffer.Address + (nint)(group * Rows * Columns * View.Bytes(Type)), Type, Rows, Columns);

    /// <summary>All groups, [groups, rows, columns].</summary>
    public View Matrices => IsTiled ? throw new InvalidOperationException("tiled weights were read row by row") : View.Dense(buffer.Address, Type, Groups, Rows, Columns);

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
