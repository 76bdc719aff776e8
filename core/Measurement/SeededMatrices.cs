using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;
using Glm5.Core.Weights.Formats;

namespace Glm5.Core.Measurement;

/// <summary>
/// Stored matrices of seeded normal values, for measurements of a size that no seed should have to be drawn for: all of them
/// are windows into one stretch of host memory, which lives as long as this does.
/// </summary>
public sealed class SeededMatrices
{
    /// <summary>Values drawn; the stretch repeats them.</summary>
    private const int Drawn = 1 << 20;

    private const int BlockWidth = 128;

    /// <summary>Normal values times so much fill E4M3 from its subnormals to near 448.</summary>
    private const float Spread = 96;

    private readonly ElementType _type;
    private readonly byte[] _stretch;
    private readonly float[] _scales;
    private long _taken;

    /// <summary>Room for matrices of at most so many elements, in FP8 with block scales or in BF16.</summary>
    public SeededMatrices(ElementType type, long mostElements, int seed)
    {
        if (type is not (ElementType.F8E4M3 or ElementType.BF16))
            throw new ArgumentOutOfRangeException(nameof(type), type, "measured weights are F8E4M3 or BF16");
        _type = type;
        var random = new Random(seed);
        _stretch = GC.AllocateArray<byte>(checked((int)((mostElements + Drawn) * type.Bytes())), pinned: true);
        Span<byte> drawn = _stretch.AsSpan(0, Math.Min(_stretch.Length, Drawn * type.Bytes()));
        Draw(random, drawn);
        for (int at = drawn.Length; at < _stretch.Length; at += drawn.Length)
            drawn[..Math.Min(drawn.Length, _stretch.Length - at)].CopyTo(_stretch.AsSpan(at));
        _scales = GC.AllocateArray<float>(checked((int)((mostElements / BlockWidth) + BlockWidth)), pinned: true);
        for (int i = 0; i < _scales.Length; i++)
            _scales[i] = (0.75f + (0.5f * random.NextSingle())) / Spread;
    }

    /// <summary>A matrix whose products with normal values are of magnitude about 1.</summary>
    public WeightSource Matrix(string name, long rows, long columns)
    {
        // Windows begin at other values each time, so that no two matrices of one size are equal.
        _taken = ((_taken * 31) + (rows * 7) + columns) % (Drawn / BlockWidth);
        return new WeightSource
        {
            Name = name,
            Type = _type,
            Address = Marshal.UnsafeAddrOfPinnedArrayElement(_stretch, 0) + (nint)(_taken * BlockWidth * _type.Bytes()),
            Rows = rows,
            Columns = columns,
            RowStride = columns,
            Scales = _type == ElementType.F8E4M3
                ? new BlockScales(
                    Marshal.UnsafeAddrOfPinnedArrayElement(_scales, 0), BlockWidth, BlockWidth, (columns + BlockWidth - 1) / BlockWidth)
                : null,
        };
    }

    /// <summary>A vector of ones, as norms have, or of another value.</summary>
    public static WeightSource Vector(string name, int length, float value = 1)
    {
        float[] values = GC.AllocateArray<float>(length, pinned: true);
        Array.Fill(values, value);
        return new WeightSource
        {
            Name = name,
            Type = ElementType.F32,
            Address = Marshal.UnsafeAddrOfPinnedArrayElement(values, 0),
            Rows = 1,
            Columns = length,
            RowStride = length,
        };
    }

    private void Draw(Random random, Span<byte> into)
    {
        for (int i = 0; i < into.Length / _type.Bytes(); i++)
        {
            float value = Normal(random);
            if (_type == ElementType.F8E4M3)
                into[i] = Fp8E4M3.FromFloat(value * Spread);
            else
                BitConverter.TryWriteBytes(into[(2 * i)..], Bf16.FromFloat(value / Spread));
        }
    }

    /// <summary>Box and Muller's.</summary>
    private static float Normal(Random random) =>
        MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(2 * MathF.PI * random.NextSingle());
}
