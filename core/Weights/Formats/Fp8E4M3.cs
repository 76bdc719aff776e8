namespace Glm5.Core.Weights.Formats;

/// <summary>
/// FP8 E4M3FN: sign, 4 exponent bits (bias 7), 3 mantissa bits. Subnormals m/8 x 2^-6, largest 448, no infinities;
/// 0x7F and 0xFF are NaN.
/// </summary>
public static class Fp8E4M3
{
    /// <summary>The largest finite value.</summary>
    public const float Largest = 448f;

    private const byte NaNCode = 0x7F;
    private static readonly float[] s_values = Enumerate();

    /// <summary>The exact value of each of the 256 codes.</summary>
    public static ReadOnlySpan<float> Table => s_values;

    /// <summary>Exact.</summary>
    public static float ToFloat(byte code) => s_values[code];

    /// <summary>
    /// Rounds to nearest, ties to even; beyond <see cref="Largest"/>, infinities included, it saturates; NaN stays NaN.
    /// </summary>
    public static byte FromFloat(float value)
    {
        if (float.IsNaN(value))
        {
            return NaNCode;
        }

        int sign = float.IsNegative(value) ? 0x80 : 0;
        float magnitude = MathF.Min(MathF.Abs(value), Largest);
        return (byte)(sign | NearestMagnitude(magnitude));
    }

    /// <summary>Codes 0 .. 0x7E ascend with their values, so the nearest one is found between two neighbours.</summary>
    private static int NearestMagnitude(float magnitude)
    {
        int below = 0;
        int above = NaNCode - 1;
        while (above - below > 1)
        {
            int middle = (below + above) / 2;
            if (s_values[middle] <= magnitude)
            {
                below = middle;
            }
            else
            {
                above = middle;
            }
        }

        // Differences of neighbours are exact in binary32. The even code has an even last mantissa bit.
        float fromBelow = magnitude - s_values[below];
        float toAbove = s_values[above] - magnitude;
        if (fromBelow == toAbove)
        {
            return (below & 1) == 0 ? below : above;
        }

        return fromBelow < toAbove ? below : above;
    }

    private static float[] Enumerate()
    {
        float[] values = new float[256];
        for (int code = 0; code < 256; code++)
        {
            int exponent = (code >> 3) & 0xF;
            int mantissa = code & 7;
            float magnitude = exponent == 0
                ? MathF.ScaleB(mantissa / 8f, -6)
                : MathF.ScaleB(1 + (mantissa / 8f), exponent - 7);
            values[code] = (code & 0x80) == 0 ? magnitude : -magnitude;
        }

        values[0x7F] = float.NaN;
        values[0xFF] = float.NaN;
        return values;
    }
}
