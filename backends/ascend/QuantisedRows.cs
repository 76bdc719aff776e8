using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;
using Glm5.Core.Weights.Formats;

namespace Glm5.Backends.Ascend;

/// <summary>
/// Sends matrices as 8-bit integers with a scale a row: stored ones as they are, others quantised, with the error counted.
/// </summary>
internal sealed class QuantisedRows(AscendMemory memory, int rows, int columns, bool tiled)
{
    private readonly sbyte[] _codes = new sbyte[(long)rows * columns], _tiles = tiled ? new sbyte[(long)rows * columns] : [];
    private readonly float[] _scales = new float[rows], _row = new float[columns];

    /// <summary>Sum of squared differences so far.</summary>
    public double SquaredError { get; private set; }

    /// <summary>Sum of squared values so far.</summary>
    public double Squared { get; private set; }

    /// <summary>Sends one matrix.</summary>
    public void Send(in WeightSource part, nint codes, nint scales)
    {
        for (int r = 0; r < rows; r++)
        {
            Span<sbyte> target = _codes.AsSpan(r * columns, columns);
            if (part.Type == ElementType.I8)
                _scales[r] = Stored(part, r, target);
            else
                Quantise(part, r, target);
        }

        if (tiled)
            WeightTiles.Turn<sbyte>(_codes, columns, WeightTiles.Width(Interop.AclDataType.Int8), _tiles);
        memory.CopyIn(MemoryMarshal.AsBytes((tiled ? _tiles : _codes).AsSpan()), codes);
        memory.CopyIn(MemoryMarshal.AsBytes(_scales.AsSpan()), scales);
    }

    /// <summary>A row's own codes and scale.</summary>
    private static unsafe float Stored(in WeightSource part, int row, Span<sbyte> codes)
    {
        new ReadOnlySpan<sbyte>((sbyte*)part.Address + (row * part.RowStride), codes.Length).CopyTo(codes);
        byte* scale = (byte*)part.Scales!.Value.Address + ((part.RowOrigin + row) * sizeof(float));
        return MemoryMarshal.Read<float>(new ReadOnlySpan<byte>(scale, sizeof(float)));
    }

    private void Quantise(in WeightSource part, int row, Span<sbyte> codes)
    {
        part.Decode(row, 0, _row);
        float scale = ChannelScaled.QuantiseRow(_row, codes);
        _scales[row] = scale;
        for (int i = 0; i < columns; i++)
        {
            double error = _row[i] - (codes[i] * scale);
            SquaredError += error * error;
            Squared += (double)_row[i] * _row[i];
        }
    }
}
