namespace Glm5.Backends.CpuReference.Simd;

/// <summary>Rotary position embedding (specification 3): what every table of angles is made of and every row turned by.</summary>
internal static unsafe class Rotation
{
    /// <summary>θ^(−2i/width), rounded to F32: angles are F32 products of position and frequency.</summary>
    public static float Frequency(float theta, int i, int width) => (float)Math.Pow(theta, -2.0 * i / width);

    /// <summary>Writes cosine and sine of position · frequency.</summary>
    public static void Turn(int position, float frequency, float* angle)
    {
        (float sin, float cos) = MathF.SinCos(position * frequency);
        (angle[0], angle[1]) = (cos, sin);
    }

    /// <summary>(a, b) becomes (a·cos − b·sin, b·cos + a·sin): pairs (2i, 2i + 1) interleaved, else (i, i + pairs).</summary>
    /// <param name="x">A row of 2 · pairs values.</param>
    /// <param name="angle">[pairs, 2] cosine and sine.</param>
    /// <param name="pairs">Half of the row's width.</param>
    /// <param name="interleaved">How pairs lie.</param>
    public static void Apply(float* x, float* angle, int pairs, bool interleaved)
    {
        (int step, int apart) = interleaved ? (2, 1) : (1, pairs);
        for (int i = 0; i < pairs; i++, x += step, angle += 2)
        {
            (float a, float b, float cos, float sin) = (x[0], x[apart], angle[0], angle[1]);
            x[0] = (a * cos) - (b * sin);
            x[apart] = (b * cos) + (a * sin);
        }
    }
}
