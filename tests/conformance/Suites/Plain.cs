namespace Glm5.Tests.Conformance.Suites;

/// <summary>The primitives once more, in double precision and as plainly as they can be said.</summary>
internal static class Plain
{
    /// <summary>a [m, k] · b [n, k]ᵀ.</summary>
    public static float[] MatMulTransposed(float[] a, float[] b, int m, int k, int n)
    {
        var result = new float[m * n];
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                double sum = 0;
                for (int x = 0; x < k; x++)
                    sum += (double)a[(i * k) + x] * b[(j * k) + x];
                result[(i * n) + j] = (float)sum;
            }
        }

        return result;
    }

    /// <summary>b [k, n] as [n, k].</summary>
    public static float[] Transpose(float[] b, int k, int n)
    {
        var result = new float[b.Length];
        for (int x = 0; x < k; x++)
        {
            for (int j = 0; j < n; j++)
                result[(j * k) + x] = b[(x * n) + j];
        }

        return result;
    }

    /// <summary>Each row by a function of the row.</summary>
    public static float[] Rows(float[] x, int width, Func<float[], float[]> row) =>
        [.. Enumerable.Range(0, x.Length / width).SelectMany(r => row(x[(r * width)..((r + 1) * width)]))];

    public static float[] RmsNorm(float[] x, float[] w, double epsilon)
    {
        double scale = 1 / Math.Sqrt(x.Average(v => (double)v * v) + epsilon);
        return [.. x.Select((v, i) => (float)(v * scale * w[i]))];
    }

    public static float[] LayerNorm(float[] x, float[] w, float[] b, double epsilon)
    {
        double mean = x.Average(v => (double)v), variance = x.Average(v => (v - mean) * (v - mean));
        return [.. x.Select((v, i) => (float)(((v - mean) / Math.Sqrt(variance + epsilon) * w[i]) + b[i]))];
    }

    public static float[] Softmax(float[] x, double scale)
    {
        double max = x.Max() * scale;
        if (double.IsNegativeInfinity(max))
            return new float[x.Length];
        double[] e = [.. x.Select(v => Math.Exp((v * scale) - max))];
        return [.. e.Select(v => (float)(v / e.Sum()))];
    }

    public static float[] Rope(float[] x, int position, double theta, bool interleaved)
    {
        var result = new float[x.Length];
        int half = x.Length / 2;
        for (int i = 0; i < half; i++)
        {
            // The angle is an F32 product by definition (spec 3): at position 200,000 a double would differ visibly.
            float angle = position * (float)Math.Pow(theta, -2.0 * i / x.Length);
            (int first, int second) = interleaved ? (2 * i, (2 * i) + 1) : (i, i + half);
            (double c, double s) = (Math.Cos(angle), Math.Sin(angle));
            result[first] = (float)((x[first] * c) - (x[second] * s));
            result[second] = (float)((x[second] * c) + (x[first] * s));
        }

        return result;
    }

    /// <summary>Ascending indices of the k largest, the lowest index among equals, -inf never; padded with -1.</summary>
    public static int[] TopK(float[] x, int k)
    {
        int[] best = [.. Enumerable.Range(0, x.Length).Where(i => !float.IsNegativeInfinity(x[i]))
            .OrderByDescending(i => x[i]).ThenBy(i => i).Take(k).Order()];
        return [.. best, .. Enumerable.Repeat(-1, k - best.Length)];
    }
}
