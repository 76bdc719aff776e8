using System.Runtime.InteropServices;

namespace Glm5.Backends.CpuReference.Simd;

/// <summary>
/// The angles of one position, shared by all heads of a token: sines cost more than the rotation itself. For rows of any
/// tensor; a step's attention keeps those of all its tokens, <see cref="Attention.RopeAngles"/>. Used by one thread.
/// </summary>
internal sealed unsafe class RopeTable
{
    private float[] _frequency = [], _angles = [];
    private float _theta;
    private int _pairs = -1;

    private float* Angles => (float*)Marshal.UnsafeAddrOfPinnedArrayElement(_angles, 0);

    /// <summary>Prepares angles position · θ^(−2i/width) for rows of <paramref name="width"/>.</summary>
    public void Turn(int position, float theta, int width)
    {
        if (theta != _theta || width / 2 != _pairs)
            Prepare(theta, width);
        for (int i = 0; i < _pairs; i++)
            Rotation.Turn(position, _frequency[i], Angles + (2 * i));
    }

    /// <summary>Rotates a row of the prepared width: pairs (2i, 2i + 1) interleaved, else (i, i + width/2).</summary>
    public void Rotate(float* x, bool interleaved) => Rotation.Apply(x, Angles, _pairs, interleaved);

    private void Prepare(float theta, int width)
    {
        (_theta, _pairs) = (theta, width / 2);
        if (_frequency.Length < _pairs)
            (_frequency, _angles) = (new float[_pairs], GC.AllocateUninitializedArray<float>(2 * _pairs, pinned: true));
        for (int i = 0; i < _pairs; i++)
            _frequency[i] = Rotation.Frequency(theta, i, width);
    }
}
