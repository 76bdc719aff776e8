using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;
using Glm5.Core.Weights.Formats;

namespace Glm5.Backends.Cuda;

/// <summary>
/// Brings stored matrices to the device. What multiplies goes as it is stored, scales included; vectors, the router and the
/// matrices that attention absorbs are decoded.
/// </summary>
internal sealed unsafe class WeightPacker(CudaDevice device, CudaMemory memory, CudaVoice voice) : IDisposable
{
    /// <summary>Elements of a row come in whole runs of so many.</summary>
    private const int Run = 16;

    private const int BlockWidth = 128;

    private readonly WeightStage _stage = new(device);
    private float[] _row = [];

    /// <summary>Packs the parts; see <see cref="IAccelerator.Pack"/>.</summary>
    public CudaPackedWeight Pack(ReadOnlySpan<WeightSource> parts, WeightRole role)
    {
        PackCheck.Parts(parts, role);
        ElementType type = TypeOf(parts[0], role);
        bool isTurned = role == WeightRole.KeyUp;
        int perGroup = role == WeightRole.GateUp ? 2 : 1;
        long rows = parts[0].Rows, columns = parts[0].Columns;
        long packedRows = isTurned ? columns : rows, depth = isTurned ? rows : columns;
        int ld = checked((int)((depth + Run - 1) / Run * Run));
        long partBytes = packedRows * ld * type.Bytes();
        DeviceBuffer buffer = memory.Allocate(parts.Length * partBytes, parts[0].Name);
        DeviceBuffer? scaleBuffer = null;
        try
        {
            nint address = buffer.Address;
            foreach (ref readonly WeightSource part in parts)
            {
                if (isTurned)
                    SendTurned(part, type, ld, address);
                else
                    SendRows(part, type, ld, address);
                address += (nint)partBytes;
            }

            DeviceScales scales = DeviceScales.None;
            if (type is ElementType.F8E4M3 or ElementType.I8)
                (scaleBuffer, scales) = SendScales(parts, type);
            _stage.Finish();
            return new CudaPackedWeight(
                role, parts.Length / perGroup, rows * perGroup, columns, type, ld, buffer, scaleBuffer, scales);
        }
        catch
        {
            buffer.Dispose();
            scaleBuffer?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stage.Dispose();

    /// <summary>What a weight is on the device.</summary>
    private ElementType TypeOf(in WeightSource part, WeightRole role)
    {
        switch (role)
        {
            case WeightRole.Vector or WeightRole.Router:
                return ElementType.F32;
            case WeightRole.Embedding:
                return part.Type == ElementType.BF16 ? ElementType.BF16 : ElementType.F32;
            case WeightRole.KeyUp or WeightRole.ValueUp:
                return voice == CudaVoice.Fused || part.Type == ElementType.BF16 ? ElementType.BF16 : ElementType.F32;
        }

        // A cut inside a run of 16 would put two scales on it.
        bool isCutWithin = part.Type == ElementType.F8E4M3 && part.ColumnOrigin % Run != 0;
        return !isCutWithin ? part.Type : voice == CudaVoice.Fused ? ElementType.BF16 : ElementType.F32;
    }

    private void SendRows(in WeightSource part, ElementType type, int ld, nint address)
    {
        int rowBytes = ld * type.Bytes();
        for (long row = 0; row < part.Rows; row++, address += rowBytes)
        {
            Span<byte> into = _stage.Room(rowBytes, address);
            if (type == part.Type)
            {
                int stored = checked((int)part.Columns * type.Bytes());
                new ReadOnlySpan<byte>((byte*)part.Address + (row * part.RowStride * type.Bytes()), stored).CopyTo(into);
                into[stored..].Clear();
            }
            else
            {
                Decode(part, row, type, into);
            }
        }
    }

    /// <summary>[rows, columns] to [columns, rows].</summary>
    private void SendTurned(in WeightSource part, ElementType type, int ld, nint address)
    {
        int rows = checked((int)part.Rows), columns = checked((int)part.Columns);
        var values = new float[rows * columns];
        for (int row = 0; row < rows; row++)
            part.Decode(row, 0, values.AsSpan(row * columns, columns));
        var turned = new float[ld];
        for (int column = 0; column < columns; column++, address += ld * type.Bytes())
        {
            for (int row = 0; row < rows; row++)
                turned[row] = values[(row * columns) + column];
            Narrow(turned, type, _stage.Room(ld * type.Bytes(), address));
        }
    }

    private void Decode(in WeightSource part, long row, ElementType type, Span<byte> into)
    {
        if (_row.Length < into.Length / type.Bytes())
            _row = new float[into.Length / type.Bytes()];
        Span<float> values = _row.AsSpan(0, into.Length / type.Bytes());
        part.Decode(row, 0, values[..(int)part.Columns]);
        values[(int)part.Columns..].Clear();
        Narrow(values, type, into);
    }

    private static void Narrow(ReadOnlySpan<float> values, ElementType type, Span<byte> into)
    {
        if (type == ElementType.F32)
        {
            MemoryMarshal.AsBytes(values).CopyTo(into);
            return;
        }

        Span<ushort> halves = MemoryMarshal.Cast<byte, ushort>(into);
        for (int i = 0; i < values.Length; i++)
            halves[i] = Bf16.FromFloat(values[i]);
    }

    /// <summary>
    /// The rows and columns of scales that a shard's blocks touch: all parts of a weight are cut alike.
    /// </summary>
    private (DeviceBuffer Buffer, DeviceScales Scales) SendScales(ReadOnlySpan<WeightSource> parts, ElementType type)
    {
        WeightSource first = parts[0];
        int rowOrigin = type == ElementType.I8 ? 0 : (int)(first.RowOrigin % BlockWidth);
        int columnOrigin = type == ElementType.I8 ? 0 : (int)(first.ColumnOrigin % BlockWidth);
        int blockRows = type == ElementType.I8 ? (int)first.Rows : (int)((rowOrigin + first.Rows + BlockWidth - 1) / BlockWidth);
        int blockColumns = type == ElementType.I8 ? 1 : (int)((columnOrigin + first.Columns + BlockWidth - 1) / BlockWidth);
        int bytes = blockColumns * sizeof(float);
        DeviceBuffer buffer = memory.Allocate((long)parts.Length * blockRows * bytes, $"the scales of {first.Name}");
        nint address = buffer.Address;
        foreach (ref readonly WeightSource part in parts)
        {
            BlockScales stored = part.Scales!.Value;
            long firstBlock = part.RowOrigin / stored.BlockRows, firstColumn = part.ColumnOrigin / stored.BlockColumns;
            for (int row = 0; row < blockRows; row++, address += bytes)
            {
                float* from = (float*)stored.Address + ((firstBlock + row) * stored.ScaleColumns) + firstColumn;
                new ReadOnlySpan<byte>(from, bytes).CopyTo(_stage.Room(bytes, address));
            }
        }

        return (buffer, new DeviceScales(
            buffer.Address, type == ElementType.I8 ? 0 : blockColumns, (int)first.Rows, blockRows, rowOrigin, columnOrigin));
    }
}
