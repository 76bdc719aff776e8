namespace Glm5.Backends.CpuReference.Simd;

/// <summary>
/// The sines and cosines of one position, shared by all heads of a token: they cost more than the rotation itself. Angles
/// are F32 products of position and frequency, as the specification has them. Used by one thread.
/// </summary>
internal sealed unsafe class RopeTable
{
    private float[] _frequency = [], _cos = [], _sin = [];
    private float _theta;
    private int _pairs = -1;

    /// <summary>Prepares angles position · θ^(−2i/width) for rows of <paramref name="width"/>.</summary>
    public void Turn(int position, float theta, int width)
    {
        if (theta != _theta || width / 2 != _pairs)
            Prepare(theta, width);
        for (int i = 0; i < _pairs; i++)
            (_sin[i], _cos[i]) = MathF.SinCos(position * _frequency[i]);
    }

    /// <summary>(a, b) becomes (a·cos − b·sin, b·cos + a·sin): pairs (2i, 2i + 1) interleaved, else (i, i +
    /// width/2).</summary>
    public void Rotate(float* x, bool interleaved)
    {
        int step = interleaved ? 2 : 1, partner = interleaved ? 1 : _pairs;
        for (int i = 0; i < _pairs; i++)
        {
            float* a = x + (step * i), b = a + partner;
            (float c, float s) = (_cos[i], _sin[i]);
            (*a, *b) = ((*a * c) - (*b * s), (*b * c) + (*a * s));
        }
    }

    private void Prepare(float theta, int width)
    {
        (_theta, _pairs) = (theta, width / 2);
        if (_frequency.Length < _pairs)
            (_frequency, _cos, _sin) = (new float[_pairs], new float[_pairs], new float[_pairs]);
        for (int i = 0; i < _pairs; i++)
            _frequency[i] = (float)Math.Pow(theta, -2.0 * i / width);
    }
}
