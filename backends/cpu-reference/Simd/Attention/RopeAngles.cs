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
            float frequency = Rotation.Frequency(theta, i, width);
            for (int t = 0; t < positions.Length; t++)
                Rotation.Turn(positions[t], frequency, Pairs(t) + (2 * i));
        }
    }

    /// <summary>
    /// Rotates a row of the prepared width to the position of token <paramref name="t"/>: pairs (2i, 2i+1) when
    /// interleaved, else (i, i + width/2).
    /// </summary>
    public void Rotate(float* x, int t, bool interleaved) => Rotation.Apply(x, Pairs(t), _width / 2, interleaved);

    private float* Pairs(int t) => (float*)Marshal.UnsafeAddrOfPinnedArrayElement(_angles, 0) + ((long)t * _width);

    private void Grow(int tokens, int width)
    {
        _angles = GC.AllocateUninitializedArray<float>(checked(tokens * width), pinned: true);
        (_positions, _tokens) = (new int[tokens], 0);
    }
}
