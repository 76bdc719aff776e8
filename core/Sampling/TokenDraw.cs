namespace Glm5.Core.Sampling;

/// <summary>
/// Draws a token from softmax(logits / temperature) by inverting the cumulative sum at <c>unit</c>, a number in [0, 1).
/// <c>max</c> is the largest logit and finite.
/// </summary>
internal static class TokenDraw
{
    /// <summary>Draws from the whole vocabulary, in the order of ids. Overwrites the logits.</summary>
    public static int FromAll(Span<float> logits, float max, float temperature, double unit, SamplingScratch scratch)
    {
        Span<double> sums = scratch.BlockSums;
        double target = unit * LogitMath.ExpInPlace(logits, max, temperature, sums);
        int block = 0, last = (logits.Length - 1) / LogitMath.BlockLength;
        while (block < last && target >= sums[block])
            target -= sums[block++];

        int start = block * LogitMath.BlockLength;
        ReadOnlySpan<float> weights = logits.Slice(start, Math.Min(LogitMath.BlockLength, logits.Length - start));
        int chosen = -1;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] <= 0)
                continue;
            chosen = start + i;
            target -= weights[i];
            if (target < 0)
                break;
        }

        // Rounding can leave the target behind the last weight, or in a block that has none: the likeliest token then.
        return chosen >= 0 ? chosen : LogitMath.FirstIndexOf(logits, 1f);
    }

    /// <summary>Draws from what min-p, then top-k, then top-p leave.</summary>
    public static int Filtered(
        ReadOnlySpan<float> logits, float max, SamplingParameters parameters, double unit, SamplingScratch scratch)
    {
        Candidates candidates = scratch.Candidates;
        float temperature = parameters.Temperature;
        double total = 0;
        float floor = float.NegativeInfinity;
        if (parameters.MinP > 0)
            floor = max + (temperature * MathF.Log(parameters.MinP));
        else if (parameters.TopK == 0)
            (total, floor) = NucleusFloor(logits, max, parameters);
        candidates.Gather(logits, floor, parameters.TopK > 0 ? parameters.TopK : logits.Length);
        if (total == 0)
            total = candidates.SumExp(max, temperature);
        if (parameters.TopP < 1)
            total = candidates.KeepNucleus(parameters.TopP * total, max, temperature);
        return Draw(candidates, max, temperature, unit * total);
    }

    /// <summary>
    /// A logit below which no token is in the nucleus. All tokens lighter than (1 - p) · total / vocab weigh less than
    /// 1 - p together, so the others reach p without them. Halved, because sums are rounded.
    /// </summary>
    private static (double Total, float Floor) NucleusFloor(
        ReadOnlySpan<float> logits, float max, SamplingParameters parameters)
    {
        double total = LogitMath.SumExp(logits, max, parameters.Temperature);
        double lightest = (1.0 - parameters.TopP) * total / logits.Length / 2;
        return (total, max + (float)(parameters.Temperature * Math.Log(lightest)));
    }

    private static int Draw(Candidates candidates, float max, float temperature, double target)
    {
        int last = candidates.Count - 1;
        for (int i = 0; i < last; i++)
        {
            target -= LogitMath.Weight(candidates.Logit(i), max, temperature);
            if (target < 0)
                return candidates.Token(i);
        }

        return candidates.Token(last);
    }
}
