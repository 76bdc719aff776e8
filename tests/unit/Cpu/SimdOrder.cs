using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Glm5.Backends.CpuReference.Simd;
using Glm5.Core.Weights;

namespace Glm5.Tests.Unit.Cpu;

/// <summary>The canonical order of summation, said once more without vectors: what kernels must give bit for bit.</summary>
internal static class SimdOrder
{
    /// <summary>Between activations: lane j takes the elements j, j + W, …</summary>
    public static float Product(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        float[] lanes = new float[Dot.Lanes];
        int padded = (a.Length + Dot.Lanes - 1) / Dot.Lanes * Dot.Lanes;
        for (int k = 0; k < padded; k++)
            lanes[k % Dot.Lanes] = MultiplyAdd(At(a, k), At(b, k), lanes[k % Dot.Lanes]);
        return Tree(lanes);
    }

    /// <summary>Against a stored row: in each step of 2 · W elements lane j takes 2j, then 2j + 1.</summary>
    public static float StoredProduct(ReadOnlySpan<float> x, WeightSource weight, long row, long from = 0)
    {
        float[] w = new float[x.Length];
        weight.Decode(row, from, w);
        float[] lanes = new float[Dot.Lanes];
        for (int step = 0; step < x.Length; step += 2 * Dot.Lanes)
        {
            for (int odd = 0; odd < 2; odd++)
            {
                for (int j = 0; j < Dot.Lanes; j++)
                    lanes[j] = MultiplyAdd(At(w, step + (2 * j) + odd), At(x, step + (2 * j) + odd), lanes[j]);
            }
        }

        return Tree(lanes);
    }

    /// <summary>The upper half added to the lower until one is left.</summary>
    public static float Tree(ReadOnlySpan<float> lanes)
    {
        float[] left = lanes.ToArray();
        for (int half = left.Length / 2; half > 0; half /= 2)
        {
            for (int j = 0; j < half; j++)
                left[j] += left[j + half];
        }

        return left[0];
    }

    private static float At(ReadOnlySpan<float> values, int k) => k < values.Length ? values[k] : 0;

    // Whether products are rounded before they are added is the processor's matter.
    private static float MultiplyAdd(float a, float b, float c) =>
        Fma.IsSupported || AdvSimd.IsSupported ? MathF.FusedMultiplyAdd(a, b, c) : (a * b) + c;
}
