using System.Runtime.CompilerServices;

namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>A row of y = a · b, or of a · bᵀ. Only default bodies multiply activations, never the kernels of
/// steps.</summary>
internal readonly unsafe struct ActivationProduct(FloatRows a, FloatRows b, bool transposed, FloatRows y) : IRowKernel
{
    public void Run(long row)
    {
        if (transposed)
        {
            for (long n = 0; n < y.Width; n++)
                y[row][n] = Dot.Product(a[row], b[n], a.Width);
            return;
        }

        float* into = y[row];
        Unsafe.InitBlockUnaligned(into, 0, checked((uint)(y.Width * sizeof(float))));
        for (long k = 0; k < a.Width; k++)
            Elementwise.Map(new Elementwise.PlusProduct(a[row][k]), into, b[k], into, y.Width);
    }
}
