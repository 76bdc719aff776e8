using Glm5.Core.Weights;

namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>
/// y[t, j] = Σ_i x[t, i] · W[i, j] for some tokens and a strip of columns, i ascending: each step takes a row of the strip
/// and one value a token, and no lanes are ever added up.
/// </summary>
internal static unsafe class ColumnTile
{
    /// <summary>Vectors of a strip.</summary>
    public const int Vectors = 4;

    /// <summary>The most tokens of a tile.</summary>
    public const int MostRows = 6;

    /// <summary>The products of some tokens, [rows, strip].</summary>
    /// <param name="x">The first token's values.</param>
    /// <param name="xStride">Floats from one token's values to the next token's.</param>
    /// <param name="rows">Tokens, at most <see cref="MostRows"/>.</param>
    /// <param name="w">The strip, decoded, row by row.</param>
    /// <param name="count">Rows of the strip.</param>
    /// <param name="into">Receives the products.</param>
    public static void Product<TLanes, TVector>(float* x, long xStride, int rows, float* w, long count, float* into)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        if (rows == MostRows)
        {
            Tile6<TLanes, TVector>(x, xStride, w, count, into);
            return;
        }

        for (int r = 0; r < rows; r++)
            Tile1<TLanes, TVector>(x + (r * xStride), w, count, into + (r * Vectors * TLanes.Count));
    }

    /// <summary>The products of one token with a strip that is read where it is stored; a scale would have to be the same
    /// along it, so formats have none.</summary>
    public static void InPlace<TLanes, TVector, TFormat>(float* x, in WeightSource part, long from, float* into)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        TVector a = TLanes.Zero, b = TLanes.Zero, c = TLanes.Zero, d = TLanes.Zero;
        byte* w = (byte*)part.Address + (from * TFormat.Bytes);
        long stride = part.RowStride * TFormat.Bytes, rows = part.Rows;
        for (long i = 0; i < rows; i++, w += stride)
        {
            TVector v = TLanes.Broadcast(x[i]);
            TFormat.LoadPairs<TLanes, TVector>(w, out TVector w0, out TVector w1);
            TFormat.LoadPairs<TLanes, TVector>(w + (2 * TLanes.Count * TFormat.Bytes), out TVector w2, out TVector w3);
            a = TLanes.MultiplyAdd(w0, v, a);
            b = TLanes.MultiplyAdd(w1, v, b);
            c = TLanes.MultiplyAdd(w2, v, c);
            d = TLanes.MultiplyAdd(w3, v, d);
        }

        TLanes.StorePairs(a, b, into);
        TLanes.StorePairs(c, d, into + (2 * TLanes.Count));
    }

    private static void Tile6<TLanes, TVector>(float* x, long xStride, float* w, long count, float* into)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector a0 = TLanes.Zero, a1 = TLanes.Zero, a2 = TLanes.Zero, a3 = TLanes.Zero;
        TVector b0 = TLanes.Zero, b1 = TLanes.Zero, b2 = TLanes.Zero, b3 = TLanes.Zero;
        TVector c0 = TLanes.Zero, c1 = TLanes.Zero, c2 = TLanes.Zero, c3 = TLanes.Zero;
        TVector d0 = TLanes.Zero, d1 = TLanes.Zero, d2 = TLanes.Zero, d3 = TLanes.Zero;
        TVector e0 = TLanes.Zero, e1 = TLanes.Zero, e2 = TLanes.Zero, e3 = TLanes.Zero;
        TVector f0 = TLanes.Zero, f1 = TLanes.Zero, f2 = TLanes.Zero, f3 = TLanes.Zero;
        for (long i = 0; i < count; i++, w += Vectors * TLanes.Count)
        {
            TVector w0 = TLanes.Load(w), w1 = TLanes.Load(w + TLanes.Count);
            TVector w2 = TLanes.Load(w + (2 * TLanes.Count)), w3 = TLanes.Load(w + (3 * TLanes.Count));
            TVector v = TLanes.Broadcast(x[i]);
            a0 = TLanes.MultiplyAdd(w0, v, a0);
            a1 = TLanes.MultiplyAdd(w1, v, a1);
            a2 = TLanes.MultiplyAdd(w2, v, a2);
            a3 = TLanes.MultiplyAdd(w3, v, a3);
            v = TLanes.Broadcast(x[xStride + i]);
            b0 = TLanes.MultiplyAdd(w0, v, b0);
            b1 = TLanes.MultiplyAdd(w1, v, b1);
            b2 = TLanes.MultiplyAdd(w2, v, b2);
            b3 = TLanes.MultiplyAdd(w3, v, b3);
            v = TLanes.Broadcast(x[(2 * xStride) + i]);
            c0 = TLanes.MultiplyAdd(w0, v, c0);
            c1 = TLanes.MultiplyAdd(w1, v, c1);
            c2 = TLanes.MultiplyAdd(w2, v, c2);
            c3 = TLanes.MultiplyAdd(w3, v, c3);
            v = TLanes.Broadcast(x[(3 * xStride) + i]);
            d0 = TLanes.MultiplyAdd(w0, v, d0);
            d1 = TLanes.MultiplyAdd(w1, v, d1);
            d2 = TLanes.MultiplyAdd(w2, v, d2);
            d3 = TLanes.MultiplyAdd(w3, v, d3);
            v = TLanes.Broadcast(x[(4 * xStride) + i]);
            e0 = TLanes.MultiplyAdd(w0, v, e0);
            e1 = TLanes.MultiplyAdd(w1, v, e1);
            e2 = TLanes.MultiplyAdd(w2, v, e2);
            e3 = TLanes.MultiplyAdd(w3, v, e3);
            v = TLanes.Broadcast(x[(5 * xStride) + i]);
            f0 = TLanes.MultiplyAdd(w0, v, f0);
            f1 = TLanes.MultiplyAdd(w1, v, f1);
            f2 = TLanes.MultiplyAdd(w2, v, f2);
            f3 = TLanes.MultiplyAdd(w3, v, f3);
        }

        TLanes.Store(a0, into);
        TLanes.Store(a1, into + TLanes.Count);
        TLanes.Store(a2, into + (2 * TLanes.Count));
        TLanes.Store(a3, into + (3 * TLanes.Count));
        TLanes.Store(b0, into + (4 * TLanes.Count));
        TLanes.Store(b1, into + (5 * TLanes.Count));
        TLanes.Store(b2, into + (6 * TLanes.Count));
        TLanes.Store(b3, into + (7 * TLanes.Count));
        TLanes.Store(c0, into + (8 * TLanes.Count));
        TLanes.Store(c1, into + (9 * TLanes.Count));
        TLanes.Store(c2, into + (10 * TLanes.Count));
        TLanes.Store(c3, into + (11 * TLanes.Count));
        TLanes.Store(d0, into + (12 * TLanes.Count));
        TLanes.Store(d1, into + (13 * TLanes.Count));
        TLanes.Store(d2, into + (14 * TLanes.Count));
        TLanes.Store(d3, into + (15 * TLanes.Count));
        TLanes.Store(e0, into + (16 * TLanes.Count));
        TLanes.Store(e1, into + (17 * TLanes.Count));
        TLanes.Store(e2, into + (18 * TLanes.Count));
        TLanes.Store(e3, into + (19 * TLanes.Count));
        TLanes.Store(f0, into + (20 * TLanes.Count));
        TLanes.Store(f1, into + (21 * TLanes.Count));
        TLanes.Store(f2, into + (22 * TLanes.Count));
        TLanes.Store(f3, into + (23 * TLanes.Count));
    }

    private static void Tile1<TLanes, TVector>(float* x, float* w, long count, float* into)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector a0 = TLanes.Zero, a1 = TLanes.Zero, a2 = TLanes.Zero, a3 = TLanes.Zero;
        for (long i = 0; i < count; i++, w += Vectors * TLanes.Count)
        {
            TVector w0 = TLanes.Load(w), w1 = TLanes.Load(w + TLanes.Count);
            TVector w2 = TLanes.Load(w + (2 * TLanes.Count)), w3 = TLanes.Load(w + (3 * TLanes.Count));
            TVector v = TLanes.Broadcast(x[i]);
            a0 = TLanes.MultiplyAdd(w0, v, a0);
            a1 = TLanes.MultiplyAdd(w1, v, a1);
            a2 = TLanes.MultiplyAdd(w2, v, a2);
            a3 = TLanes.MultiplyAdd(w3, v, a3);
        }

        TLanes.Store(a0, into);
        TLanes.Store(a1, into + TLanes.Count);
        TLanes.Store(a2, into + (2 * TLanes.Count));
        TLanes.Store(a3, into + (3 * TLanes.Count));
    }
}
