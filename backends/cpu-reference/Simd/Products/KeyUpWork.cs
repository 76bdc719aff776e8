using System.Runtime.Intrinsics;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>
/// y[t, h, j] = Σ_i x[t, h, i] · W[h][i, j], i ascending, one accumulator an output: here the sum runs over stored rows, so
/// lanes go along j and there is nothing to add across them. A piece is a head and a strip of its columns. One token reads
/// the stored rows where they lie; several share the strip, decoded once.
/// </summary>
internal readonly unsafe struct KeyUpWork(CpuPackedWeight weight, FloatRows x, FloatRows y, Scratch[] scratch) : IWork
{
    /// <summary>Pieces of all heads.</summary>
    public int Pieces => weight.Groups * Strips;

    private static int Strip => ColumnTile.Vectors * Dot.Lanes;

    private int Strips => (int)((weight.Columns + Strip - 1) / Strip);

    public void Run(int piece, int worker)
    {
        int h = piece / Strips;
        long from = piece % Strips * Strip;
        if (Dot.Is512)
            Run<Lanes512, Vector512<float>>(h, from, scratch[worker]);
        else if (Dot.Is256)
            Run<Lanes256, Vector256<float>>(h, from, scratch[worker]);
        else
            Run<Lanes128, Vector128<float>>(h, from, scratch[worker]);
    }

    private void Run<TLanes, TVector>(int h, long from, Scratch scratch)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        ref readonly WeightSource part = ref weight.Parts[h];
        long tokens = x.Count / weight.Groups;
        int width = (int)Math.Min(Strip, part.Columns - from);
        if (tokens == 1 && width == Strip && part.Type == ElementType.BF16)
        {
            ColumnTile.InPlace<TLanes, TVector, BF16Format>(x.At(0, h), part, from, y.At(0, h) + from);
            return;
        }

        float* strip = scratch.Floats((part.Rows + ColumnTile.MostRows) * Strip);
        float* results = strip + (part.Rows * Strip);
        for (long i = 0; i < part.Rows; i++)
        {
            StoredValues.Decode(part, i, from, strip + (i * Strip), width);
            new Span<float>(strip + (i * Strip) + width, Strip - width).Clear();
        }

        for (long t = 0; t < tokens; t += ColumnTile.MostRows)
        {
            int rows = (int)Math.Min(ColumnTile.MostRows, tokens - t);
            ColumnTile.Product<TLanes, TVector>(x.At(t, h), x.At(1, h) - x.At(0, h), rows, strip, part.Rows, results);
            for (int r = 0; r < rows; r++)
                new ReadOnlySpan<float>(results + (r * Strip), width).CopyTo(new Span<float>(y.At(t + r, h) + from, width));
        }
    }
}
