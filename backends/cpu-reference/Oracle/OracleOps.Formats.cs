using Glm5.Core.Accelerator;
using Glm5.Core.Weights.Formats;

namespace Glm5.Backends.CpuReference.Oracle;

/// <summary>Rounding to other number formats and back.</summary>
public sealed unsafe partial class OracleOps
{
    private const int QuantizationGroup = 128;
    private const float SmallestPeak = 1e-10f;

    /// <summary>scale[t, g] = max(|x[t, k ∈ g]|, 1e-10) / 448, code[t, k] = E4M3(x[t, k] / scale[t, g]).</summary>
    protected override void QuantizeCore(Tensor x, Tensor codes, Tensor scales)
    {
        Floats a = new(x), scale = new(scales);
        for (long t = 0; t < a.Rows; t++)
        {
            byte* code = (byte*)codes.Address + (t * codes.Stride(0));
            for (int g = 0; g < scale.Width; g++)
            {
                int first = g * QuantizationGroup, end = (int)Math.Min(first + QuantizationGroup, a.Width);
                float peak = SmallestPeak;
                for (int k = first; k < end; k++)
                    peak = MathF.Max(peak, MathF.Abs(a[t, k]));
                scale[t, g] = peak / Fp8E4M3.Largest;
                for (int k = first; k < end; k++)
                    code[k] = Fp8E4M3.FromFloat(a[t, k] / scale[t, g]);
            }
        }
    }

    /// <inheritdoc/>
    protected override void CastCore(Tensor x, Tensor into)
    {
        for (long r = 0; r < x.Rows; r++)
        {
            nint from = RowAddress(x, r), to = RowAddress(into, r);
            for (long i = 0; i < x.Width; i++)
                Write(to, into.Type, i, Read(from, x.Type, i));
        }
    }

    private static nint RowAddress(Tensor x, long row)
    {
        long inner = x.Rank == 3 ? x[1] : 1;
        long element = x.Rank switch
        {
            1 => 0,
            2 => row * x.Stride(0),
            _ => (row / inner * x.Stride(0)) + (row % inner * x.Stride(1)),
        };
        return x.Address + (nint)(element * x.Type.Bytes());
    }

    private static float Read(nint row, ElementType type, long i) => type switch
    {
        ElementType.F32 => ((float*)row)[i],
        ElementType.BF16 => Bf16.ToFloat(((ushort*)row)[i]),
        ElementType.F8E4M3 => Fp8E4M3.ToFloat(((byte*)row)[i]),
        _ => throw new ShapeException($"Cast: {type} is not a number format of activations"),
    };

    private static void Write(nint row, ElementType type, long i, float value)
    {
        switch (type)
        {
            case ElementType.F32:
                ((float*)row)[i] = value;
                break;
            case ElementType.BF16:
                ((ushort*)row)[i] = Bf16.FromFloat(value);
                break;
            case ElementType.F8E4M3:
                ((byte*)row)[i] = Fp8E4M3.FromFloat(value);
                break;
            default:
                throw new ShapeException($"Cast: {type} is not a number format of activations");
        }
    }
}
