using System.Runtime.InteropServices;
using Glm5.Backends.Ascend.Interop;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights.Formats;

namespace Glm5.Backends.Ascend.Ops;

/// <summary>Element by element.</summary>
internal partial class AscendPrimitives
{
    private const int QuantizeGroup = 128;

    /// <inheritdoc/>
    protected override void SiluMulCore(Tensor gateUp, Tensor into)
    {
        using ActivationArena.Scope scope = OpenScratch();
        View y = View.Of(into), target = Target(y, AclDataType.Float);
        Kernels.SwiGlu(Kernels.DenseAs(View.Of(gateUp), AclDataType.Float), target);
        Deliver(target, y);
    }

    /// <inheritdoc/>
    protected override void SigmoidCore(Tensor x, Tensor into) => Kernels.Sigmoid(View.Of(x), View.Of(into));

    /// <inheritdoc/>
    protected override void ReluCore(Tensor x, Tensor into) => Kernels.Relu(View.Of(x), View.Of(into));

    /// <inheritdoc/>
    protected override void MulCore(Tensor a, Tensor b, Tensor into) => Kernels.Multiply(View.Of(a), View.Of(b), View.Of(into));

    /// <inheritdoc/>
    protected override void AddCore(Tensor a, Tensor b, Tensor into) => Kernels.Add(View.Of(a), View.Of(b), View.Of(into));

    /// <inheritdoc/>
    protected override void ScaleCore(Tensor x, float factor, Tensor into) => Kernels.Multiply(View.Of(x), factor, View.Of(into));

    /// <inheritdoc/>
    protected override void FillCore(Tensor into, float value) => Kernels.Fill(View.Of(into), value);

    /// <inheritdoc/>
    protected override void CastCore(Tensor x, Tensor into) => Kernels.Convert(View.Of(x), View.Of(into));

    /// <inheritdoc/>
    protected override void MaskCore(Tensor scores, Tensor keys)
    {
        using ActivationArena.Scope scope = OpenScratch();
        Kernels.FillWhere(View.Of(scores), Kernels.IsBelow(View.Of(keys).As(1, keys.Count), 0), float.NegativeInfinity);
    }

    /// <inheritdoc/>
    protected override void RopeCore(Tensor x, Tensor positions, float theta, bool interleaved)
    {
        using ActivationArena.Scope scope = OpenScratch();
        long half = x[2] / 2;
        (View cos, View sin) = Angles.Of(positions, theta, (int)half, Kernels);
        View whole = View.Of(x);
        View a = interleaved ? whole.Part(2, 0, half, 2) : whole.Part(2, 0, half);
        View b = interleaved ? whole.Part(2, 1, half, 2) : whole.Part(2, half, half);
        View aCos = Kernels.TemporaryLike(a, AclDataType.Float), bSin = Kernels.TemporaryLike(a, AclDataType.Float);
        View bCos = Kernels.TemporaryLike(a, AclDataType.Float), aSin = Kernels.TemporaryLike(a, AclDataType.Float);
        Kernels.Multiply(a, cos, aCos);
        Kernels.Multiply(b, sin, bSin);
        Kernels.Multiply(b, cos, bCos);
        Kernels.Multiply(a, sin, aSin);
        Kernels.Subtract(aCos, bSin, a);
        Kernels.Add(bCos, aSin, b);
    }

    /// <summary>A2 and A3 do not compute in FP8, and no step of the model asks for it: the host quantises.</summary>
    protected override void QuantizeCore(Tensor x, Tensor codes, Tensor scales)
    {
        int width = (int)x[1], groups = (int)scales[1];
        var values = new float[x.Count];
        var bytes = new byte[codes.Count];
        var factors = new float[scales.Count];
        Memory.Download(x, MemoryMarshal.AsBytes(values.AsSpan()));
        for (int row = 0; row < x[0]; row++)
        {
            for (int group = 0; group < groups; group++)
            {
                int first = (row * width) + (group * QuantizeGroup), count = Math.Min(QuantizeGroup, width - (group * QuantizeGroup));
                factors[(row * groups) + group] = QuantizeOne(values.AsSpan(first, count), bytes.AsSpan(first, count));
            }
        }

        Memory.Upload(bytes, codes);
        Memory.Upload(MemoryMarshal.AsBytes(factors.AsSpan()), scales);
    }

    private static float QuantizeOne(ReadOnlySpan<float> values, Span<byte> codes)
    {
        float largest = 1e-10f;
        foreach (float value in values)
            largest = Math.Max(largest, Math.Abs(value));
        float scale = largest / 448;
        for (int i = 0; i < values.Length; i++)
            codes[i] = Fp8E4M3.FromFloat(values[i] / scale);
        return scale;
    }
}
