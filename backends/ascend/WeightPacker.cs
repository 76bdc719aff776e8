using System.Runtime.InteropServices;
using Glm5.Backends.Ascend.Interop;
using Glm5.Backends.Ascend.Ops;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;
using Glm5.Core.Weights.Formats;

namespace Glm5.Backends.Ascend;

/// <summary>
/// Brings stored matrices to the device. Floats are decoded to the type of its products, exactly or rounded to nearest
/// even; 8-bit integers go as they are. FP8, in which A2 and A3 do not compute, becomes 8-bit integers with a scale a row,
/// and the error of that is measured.
/// </summary>
/// <param name="memory">Where weights go.</param>
/// <param name="products">What products are computed in.</param>
/// <param name="fusions">Which products take tiles; null: none are to.</param>
internal sealed class WeightPacker(AscendMemory memory, ElementType products, Fusions? fusions)
{
    /// <summary>Values decoded at a time.</summary>
    private const int Chunk = 1 << 20;

    private readonly float[] _values = new float[Chunk];
    private readonly ushort[] _halves = new ushort[Chunk], _tiles = new ushort[Chunk];

    /// <summary>Packs the parts; see <see cref="IAccelerator.Pack"/>.</summary>
    public AscendPackedWeight Pack(ReadOnlySpan<WeightSource> parts, WeightRole role)
    {
        Check(parts, role);
        if (products == ElementType.BF16 && IsQuantised(parts[0].Type) && MultipliesQuantised(role))
            return PackQuantised(parts, role);
        int perGroup = role == WeightRole.GateUp ? 2 : 1;
        long rows = parts[0].Rows, columns = parts[0].Columns;
        bool keepsAll = role is WeightRole.Vector or WeightRole.Router || products == ElementType.F32
            || (role == WeightRole.Embedding && parts[0].Type != ElementType.BF16);
        AclDataType type = keepsAll ? AclDataType.Float : AclDataType.BFloat16;
        bool tiled = IsTiled(parts, role, type) && columns * WeightTiles.Width(type) <= Chunk;
        DeviceBuffer buffer = memory.Allocate(parts.Length * rows * columns * View.Bytes(type), parts[0].Name);
        try
        {
            nint address = buffer.Address;
            foreach (ref readonly WeightSource part in parts)
            {
                Send(part, type, address, tiled);
                address += (nint)(rows * columns * View.Bytes(type));
            }

            return new AscendPackedWeight(role, parts.Length / perGroup, rows * perGroup, columns, type, buffer, isTiled: tiled);
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    /// <summary>Tiles where the product takes them and every part fills its own.</summary>
    private bool IsTiled(ReadOnlySpan<WeightSource> parts, WeightRole role, AclDataType type) =>
        fusions is not null && WeightTiles.AreTaken(role, parts.Length / (role == WeightRole.GateUp ? 2 : 1), type, fusions)
        && WeightTiles.Fill(parts[0].Rows, parts[0].Columns, type);

    private static bool IsQuantised(ElementType type) => type is ElementType.I8 or ElementType.F8E4M3;

    private static bool MultipliesQuantised(WeightRole role) =>
        role is WeightRole.Linear or WeightRole.RowParallel or WeightRole.GateUp or WeightRole.Head;

    private AscendPackedWeight PackQuantised(ReadOnlySpan<WeightSource> parts, WeightRole role)
    {
        int perGroup = role == WeightRole.GateUp ? 2 : 1;
        long rows = parts[0].Rows, columns = parts[0].Columns;
        DeviceBuffer codes = memory.Allocate(parts.Length * rows * columns, parts[0].Name);
        DeviceBuffer? scales = null;
        try
        {
            scales = memory.Allocate(parts.Length * rows * sizeof(float), $"the scales of {parts[0].Name}");
            bool tiled = IsTiled(parts, role, AclDataType.Int8);
            var rowOf = new QuantisedRows(memory, checked((int)rows), checked((int)columns), tiled);
            for (int p = 0; p < parts.Length; p++)
                rowOf.Send(parts[p], codes.Address + (nint)(p * rows * columns), scales.Address + (nint)(p * rows * sizeof(float)));
            WeightConversion? conversion = parts[0].Type == ElementType.I8
                ? null
                : new WeightConversion(parts[0].Name, parts[0].Type, ElementType.I8, rowOf.SquaredError, rowOf.Squared);
            return new AscendPackedWeight(
                role, parts.Length / perGroup, rows * perGroup, columns, AclDataType.Int8, codes, scales, conversion, tiled);
        }
        catch
        {
            codes.Dispose();
            scales?.Dispose();
            throw;
        }
    }

    private void Send(in WeightSource part, AclDataType type, nint address, bool tiled)
    {
        int columns = checked((int)part.Columns);
        int rowsAtOnce = Math.Max(1, Chunk / columns);
        if (tiled)
            rowsAtOnce -= rowsAtOnce % WeightTiles.Width(type);
        for (long row = 0; row < part.Rows; row += rowsAtOnce)
        {
            int rows = (int)Math.Min(rowsAtOnce, part.Rows - row);
            for (int done = 0; done < columns; done += Chunk)
            {
                // Rows longer than a chunk go one by one, in pieces.
                int width = Math.Min(Chunk, columns - done);
                Span<float> values = _values.AsSpan(0, rows * width);
                for (int r = 0; r < rows; r++)
                    part.Decode(row + r, done, values.Slice(r * width, width));
                nint target = address + (nint)(((row * columns) + done) * View.Bytes(type));
                memory.CopyIn(type == AclDataType.Float ? MemoryMarshal.AsBytes(values) : Rounded(values, tiled ? columns : 0), target);
            }
        }
    }

    /// <summary>In BF16; in tiles where whole rows of so many columns are given.</summary>
    private ReadOnlySpan<byte> Rounded(ReadOnlySpan<float> values, int tiledColumns)
    {
        for (int i = 0; i < values.Length; i++)
            _halves[i] = Bf16.FromFloat(values[i]);
        if (tiledColumns == 0)
            return MemoryMarshal.AsBytes(_halves.AsSpan(0, values.Length));
        WeightTiles.Turn<ushort>(_halves.AsSpan(0, values.Length), tiledColumns, WeightTiles.Width(AclDataType.BFloat16), _tiles);
        return MemoryMarshal.AsBytes(_tiles.AsSpan(0, values.Length));
    }

    private static void Check(ReadOnlySpan<WeightSource> parts, WeightRole role)
    {
        if (parts.IsEmpty)
            throw new AcceleratorException($"a weight of role {role} was packed from no stored matrix");
        bool several = role is WeightRole.KeyUp or WeightRole.ValueUp or WeightRole.GateUp or WeightRole.RowParallel;
        if (!several && parts.Length > 1)
            throw new AcceleratorException($"{parts[0].Name}: role {role} takes one stored matrix, got {parts.Length}");
        if (role == WeightRole.GateUp && parts.Length % 2 != 0)
            throw new AcceleratorException($"{parts[0].Name}: gate and up matrices go by turns, got an odd number of them, {parts.Length}");
        foreach (ref readonly WeightSource part in parts)
        {
            if (part.Rows != parts[0].Rows || part.Columns != parts[0].Columns)
            {
                throw new AcceleratorException(
                    $"{part.Name}: expected [{parts[0].Rows}, {parts[0].Columns}] as {parts[0].Name} has, "
                    + $"got [{part.Rows}, {part.Columns}]");
            }

            if (part.Type is not (ElementType.F32 or ElementType.BF16) && part.Scales is null)
            {
                throw new AcceleratorException(
                    $"{part.Name}: stored as {part.Type} without scales; the ascend backend reads F32, BF16, F8E4M3 with block scales and I8 with a scale a row");
            }
        }
    }
}
