using System.Runtime.Intrinsics;
using Glm5.Core.Weights;

namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>
/// y[t, h, j] = Σ_i x[t, h, i] · W[h][i, j], i ascending, one accumulator an output: here the sum runs over stored rows, so
/// lanes go along j and there is nothing to add across them. A piece is a head and a strip of its columns, decoded once.
/// </summary>
internal readonly unsafe struct KeyUpWork(CpuPackedWeight weight, FloatRows x, FloatRows y, Scratch[] scratch) : IWork
{
    /// <summary>Vectors of a strip.</summary>
    private const int Vectors = 4;

    /// <summary>Strips of a head.</summary>
    public int Strips => (int)((weight.Columns + Strip - 1) / Strip);

    private static int Strip => Vectors * Dot.Lanes;

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
        int width = (int)Math.Min(Strip, part.Columns - from);
        float* strip = scratch.Floats((part.Rows + Tile.MostRows) * Strip);
        float* results = strip + (part.Rows * Strip);
        for (long i = 0; i < part.Rows; i++)
        {
            StoredValues.Decode(part, i, from, strip + (i * Strip), width);
            new Span<float>(strip + (i * Strip) + width, Strip - width).Clear();
        }

        long tokens = x.Count / weight.Groups;
        for (long t = 0; t < tokens; t++)
        {
            Token<TLanes, TVector>(x.At(t, h), strip, part.Rows, results);
            new ReadOnlySpan<float>(results, width).CopyTo(new Span<float>(y.At(t, h) + from, width));
        }
    }

    private static void Token<TLanes, TVector>(float* x, float* strip, long rows, float* into)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        for (long i = 0; i < rows; i++, strip += Vectors * TLanes.Count)
        {
            TVector v = TLanes.Broadcast(x[i]);
            s0 = TLanes.MultiplyAdd(TLanes.Load(strip), v, s0);
            s1 = TLanes.MultiplyAdd(TLanes.Load(strip + TLanes.Count), v, s1);
            s2 = TLanes.MultiplyAdd(TLanes.Load(strip + (2 * TLanes.Count)), v, s2);
            s3 = TLanes.MultiplyAdd(TLanes.Load(strip + (3 * TLanes.Count)), v, s3);
        }

        TLanes.Store(s0, into);
        TLanes.Store(s1, into + TLanes.Count);
        TLanes.Store(s2, into + (2 * TLanes.Count));
        TLanes.Store(s3, into + (3 * TLanes.Count));
    }
}
