using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>
/// Cosines and sines of a step's positions (specification 3): computed for the first layer that asks, reused by all
/// heads and layers until the positions are others. Grows to the largest step.
/// </summary>
internal sealed unsafe class RopeAngles
{
    private float[] _angles = [];
    private int[] _positions = [];
    private int _tokens, _width;
    private float _theta;

    /// <summary>Makes the angles position · θ^(−2i/width) of a step's tokens ready.</summary>
    public void Prepare(StepLayout layout, float theta, int width)
    {
        ReadOnlySpan<int> positions = layout.Positions;
        if (width == _width && theta == _theta && positions.SequenceEqual(_positions.AsSpan(0, _tokens)))
            return;
        if (positions.Length > _positions.Length || width != _width)
            Grow(layout.MaxTokens, width);
        (_tokens, _width, _theta) = (positions.Length, width, theta);
        positions.CopyTo(_positions);
        for (int i = 0; i < width / 2; i++)
        {
            float frequency = (float)Math.Pow(theta, -2.0 * i / width);
            for (int t = 0; t < positions.Length; t++)
            {
                (float sin, float cos) = MathF.SinCos(positions[t] * frequency);
                Pairs(t)[2 * i] = cos;
                Pairs(t)[(2 * i) + 1] = sin;
            }
        }
    }

    /// <summary>
    /// Rotates a row of the prepared width to the position of token <paramref name="t"/>: pairs (2i, 2i+1) when
    /// interleaved, else (i, i + width/2).
    /// </summary>
    public void Rotate(float* x, int t, bool interleaved)
    {
        float* angle = Pairs(t);
        int pairs = _width / 2;
        (int step, int apart) = interleaved ? (2, 1) : (1, pairs);
        for (int i = 0; i < pairs; i++, x += step, angle += 2)
        {
            (float a, float b, float cos, float sin) = (x[0], x[apart], angle[0], angle[1]);
            x[0] = (a * cos) - (b * sin);
            x[apart] = (b * cos) + (a * sin);
        }
    }

    private float* Pairs(int t) => (float*)Marshal.UnsafeAddrOfPinnedArrayElement(_angles, 0) + ((long)t * _width);

    private void Grow(int tokens, int width)
    {
        _angles = GC.AllocateUninitializedArray<float>(checked(tokens * width), pinned: true);
        (_positions, _tokens) = (new int[tokens], 0);
    }
}
