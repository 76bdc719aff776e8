namespace Glm5.Backends.CpuReference.Oracle;

/// <summary>The equations that several operations need, on plain rows. F32 throughout, sums in ascending index.</summary>
internal static class Equations
{
    /// <summary>Σ_k a[k] · b[k].</summary>
    public static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        float sum = 0;
        for (int k = 0; k < a.Length; k++)
            sum += a[k] * b[k];
        return sum;
    }

    /// <summary>1 / (1 + e^−z).</summary>
    public static float Sigmoid(float z) => 1 / (1 + MathF.Exp(-z));

    /// <summary>z · sigmoid(z).</summary>
    public static float Silu(float z) => z / (1 + MathF.Exp(-z));

    /// <summary>y[i] = w[i] · x[i] · rsqrt(mean(x²) + ε).</summary>
    public static void RmsNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> w, float epsilon, Span<float> y)
    {
        float r = 1 / MathF.Sqrt((Dot(x, x) / x.Length) + epsilon);
        for (int i = 0; i < x.Length; i++)
            y[i] = w[i] * (x[i] * r);
    }

    /// <summary>y[i] = (x[i] − mean) · rsqrt(var + ε) · w[i] + b[i], var = mean((x − mean)²).</summary>
    public static void LayerNorm(
        ReadOnlySpan<float> x, ReadOnlySpan<float> w, ReadOnlySpan<float> b, float epsilon, Span<float> y)
    {
        float mean = 0;
        for (int i = 0; i < x.Length; i++)
            mean += x[i];
        mean /= x.Length;
        float variance = 0;
        for (int i = 0; i < x.Length; i++)
            variance += (x[i] - mean) * (x[i] - mean);
        variance /= x.Length;
        float r = 1 / MathF.Sqrt(variance + epsilon);
        for (int i = 0; i < x.Length; i++)
            y[i] = ((x[i] - mean) * r * w[i]) + b[i];
    }

    /// <summary>
    /// RoPE of a whole row at position p: the pair (a, b) becomes (a·cos φ − b·sin φ, b·cos φ + a·sin φ),
    /// φ = p · θ^(−2i/width) in F32; pair i is (x[2i], x[2i+1]) interleaved, else (x[i], x[i + width/2]).
    /// </summary>
    public static void Rotate(Span<float> x, int p, float theta, bool interleaved)
    {
        int pairs = x.Length / 2;
        for (int i = 0; i < pairs; i++)
        {
            float frequency = (float)Math.Pow(theta, -2.0 * i / x.Length);
            float phi = p * frequency;
            float cos = MathF.Cos(phi), sin = MathF.Sin(phi);
            int first = interleaved ? 2 * i : i;
            int second = interleaved ? first + 1 : i + pairs;
            (float a, float b) = (x[first], x[second]);
            x[first] = (a * cos) - (b * sin);
            x[second] = (b * cos) + (a * sin);
        }
    }

    /// <summary>x[j] becomes e^(scale·x[j] − m) / Σ e^(scale·x − m), m = max(scale·x); zeros when every x is −∞.</summary>
    public static void Softmax(Span<float> x, float scale)
    {
        float m = float.NegativeInfinity;
        for (int j = 0; j < x.Length; j++)
            m = MathF.Max(m, scale * x[j]);
        if (float.IsNegativeInfinity(m))
        {
            x.Clear();
            return;
        }

        float sum = 0;
        for (int j = 0; j < x.Length; j++)
        {
            x[j] = MathF.Exp((scale * x[j]) - m);
            sum += x[j];
        }

        for (int j = 0; j < x.Length; j++)
            x[j] /= sum;
    }

    /// <summary>
    /// The indices of the largest scores in ascending order, ties to the lowest index, −1 behind them. What is not above
    /// −∞ is never chosen.
    /// </summary>
    public static void TopK(ReadOnlySpan<float> scores, Span<int> chosen)
    {
        var ranking = new List<(float Score, int Index)>(scores.Length);
        for (int j = 0; j < scores.Length; j++)
        {
            if (scores[j] > float.NegativeInfinity)
                ranking.Add((scores[j], j));
        }

        ranking.Sort(static (a, b) => a.Score == b.Score ? a.Index.CompareTo(b.Index) : b.Score.CompareTo(a.Score));
        int k = Math.Min(chosen.Length, ranking.Count);
        for (int i = 0; i < k; i++)
            chosen[i] = ranking[i].Index;
        chosen[..k].Sort();
        chosen[k..].Fill(-1);
    }

    /// <summary>Each −1 becomes the lowest index that is not there.</summary>
    public static void FillChoices(Span<int> chosen)
    {
        int free = 0;
        foreach (ref int choice in chosen)
        {
            if (choice >= 0)
                continue;
            while (chosen.Contains(free))
                free++;
            choice = free;
        }
    }
}
