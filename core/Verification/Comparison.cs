namespace Glm5.Core.Verification;

/// <summary>Comparisons of values that say where the worst difference is.</summary>
public static class Comparison
{
    /// <summary>
    /// What is wrong with values, or null: all finite, and within a bound relative to the largest expected magnitude.
    /// </summary>
    public static string? Difference(float[] expected, float[] got, string what, double bound)
    {
        if (expected.Length != got.Length)
            return $"{what}: expected {expected.Length} values, got {got.Length}";
        double scale = 1e-6, difference = 0;
        int worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            if (!float.IsFinite(got[i]))
                return $"{what}: element {i} of {got.Length} is {got[i]}, expected {expected[i]:G9}";
            scale = Math.Max(scale, Math.Abs((double)expected[i]));
            if (Math.Abs((double)expected[i] - got[i]) is double d && d > difference)
                (difference, worst) = (d, i);
        }

        return difference <= bound * scale
            ? null
            : $"{what}: element {worst} of {got.Length}: expected {expected[worst]:G9}, got {got[worst]:G9}, "
                + $"scale {scale:G3}, bound {bound:G3}";
    }

    /// <summary>What is wrong with integers, or null: all equal.</summary>
    public static string? Difference(int[] expected, int[] got, string what)
    {
        if (expected.Length != got.Length)
            return $"{what}: expected {expected.Length} values, got {got.Length}";
        for (int i = 0; i < expected.Length; i++)
        {
            if (expected[i] != got[i])
                return $"{what}: element {i} of {got.Length}: expected {expected[i]}, got {got[i]}";
        }

        return null;
    }
}
