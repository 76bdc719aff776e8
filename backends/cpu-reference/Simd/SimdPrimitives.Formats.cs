using Glm5.Core.Accelerator;
using Glm5.Core.Weights.Formats;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>Rounding to other number formats and back.</summary>
internal unsafe partial class SimdPrimitives
{
    private const int QuantizationGroup = 128;
    private const float SmallestPeak = 1e-10f;

    /// <inheritdoc/>
    protected override void QuantizeCore(Tensor x, Tensor codes, Tensor scales)
    {
        FloatRows a = new(x), scale = new(scales);
        for (long t = 0; t < a.Count; t++)
        {
            byte* code = (byte*)codes.Address + (t * codes.Stride(0));
            for (long g = 0; g < scale.Width; g++)
            {
                long first = g * QuantizationGroup;
                scale[t][g] = QuantizeGroup(a[t] + first, Math.Min(QuantizationGroup, a.Width - first), code + first);
            }
        }
    }

    /// <inheritdoc/>
    protected override void CastCore(Tensor x, Tensor into)
    {
        if (x.Type == ElementType.F32 && into.Type == ElementType.F32)
        {
            FloatRows a = new(x), y = new(into);
            for (long r = 0; r < a.Count; r++)
                Copy(a[r], y[r], a.Width);
            return;
        }

        for (long r = 0; r < x.Rows; r++)
        {
            nint from = RowAddress(x, r), to = RowAddress(into, r);
            for (long i = 0; i < x.Width; i++)
                Write(to, into.Type, i, Read(from, x.Type, i));
        }
    }

    private static float QuantizeGroup(float* x, long count, byte* code)
    {
        float peak = SmallestPeak;
        for (long k = 0; k < count; k++)
            peak = MathF.Max(peak, MathF.Abs(x[k]));
        float scale = peak / Fp8E4M3.Largest;
        for (long k = 0; k < count; k++)
            code[k] = Fp8E4M3.FromFloat(x[k] / scale);
        return scale;
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
