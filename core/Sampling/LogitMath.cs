using System.Numerics;

namespace Glm5.Core.Sampling;

/// <summary>The passes over a row of logits, a vector at a time. What is not a number counts as impossible.</summary>
internal static class LogitMath
{
    /// <summary>Values summed in single precision before the sum is carried on in double.</summary>
    public const int BlockLength = 1024;

    /// <summary>The largest value; negative infinity when there is none.</summary>
    public static float Max(ReadOnlySpan<float> logits)
    {
        var largest = new Vector<float>(float.NegativeInfinity);
        int i = 0;
        for (; i <= logits.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            // Not Vector.Max, which lets NaN through.
            var values = new Vector<float>(logits[i..]);
            largest = Vector.ConditionalSelect(Vector.GreaterThan(values, largest), values, largest);
        }

        float max = float.NegativeInfinity;
        for (int lane = 0; lane < Vector<float>.Count; lane++)
            max = largest[lane] > max ? largest[lane] : max;
        for (; i < logits.Length; i++)
            max = logits[i] > max ? logits[i] : max;
        return max;
    }

    /// <summary>The lowest index of a value that is there.</summary>
    public static int FirstIndexOf(ReadOnlySpan<float> logits, float value)
    {
        var wanted = new Vector<float>(value);
        int i = 0;
        while (i <= logits.Length - Vector<float>.Count && !Vector.EqualsAny(new Vector<float>(logits[i..]), wanted))
            i += Vector<float>.Count;
        while (logits[i] != value)
            i++;
        return i;
    }

    /// <summary>Σ exp((l - max) / temperature).</summary>
    public static double SumExp(ReadOnlySpan<float> logits, float max, float temperature)
    {
        double sum = 0;
        for (int start = 0; start < logits.Length; start += BlockLength)
        {
            ReadOnlySpan<float> block = logits.Slice(start, Math.Min(BlockLength, logits.Length - start));
            var lanes = Vector<float>.Zero;
            int i = 0;
            for (; i <= block.Length - Vector<float>.Count; i += Vector<float>.Count)
                lanes += Weights(new Vector<float>(block[i..]), max, temperature);
            sum += Vector.Sum(lanes);
            for (; i < block.Length; i++)
                sum += Weight(block[i], max, temperature);
        }

        return sum;
    }

    /// <summary>
    /// Replaces logits by exp((l - max) / temperature); tells the sum of each block. Returns the sum of all.
    /// </summary>
    public static double ExpInPlace(Span<float> logits, float max, float temperature, Span<double> blockSums)
    {
        double sum = 0;
        for (int start = 0, b = 0; start < logits.Length; start += BlockLength, b++)
        {
            Span<float> block = logits.Slice(start, Math.Min(BlockLength, logits.Length - start));
            blockSums[b] = ExpInPlace(block, max, temperature);
            sum += blockSums[b];
        }

        return sum;
    }

    /// <summary>exp((l - max) / temperature) of one logit.</summary>
    public static float Weight(float logit, float max, float temperature)
    {
        float weight = MathF.Exp((logit - max) / temperature);
        return float.IsNaN(weight) ? 0 : weight;
    }

    private static double ExpInPlace(Span<float> block, float max, float temperature)
    {
        var lanes = Vector<float>.Zero;
        int i = 0;
        for (; i <= block.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> weights = Weights(new Vector<float>(block[i..]), max, temperature);
            weights.CopyTo(block[i..]);
            lanes += weights;
        }

        double sum = Vector.Sum(lanes);
        for (; i < block.Length; i++)
            sum += block[i] = Weight(block[i], max, temperature);
        return sum;
    }

    private static Vector<float> Weights(Vector<float> logits, float max, float temperature)
    {
        Vector<float> weights = Vector.Exp((logits - new Vector<float>(max)) / temperature);
        return Vector.ConditionalSelect(Vector.Equals(weights, weights), weights, Vector<float>.Zero);
    }
}
