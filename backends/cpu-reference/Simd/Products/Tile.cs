using System.Runtime.Intrinsics;

namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>
/// The product of some activation rows with four decoded weight rows, all in lane order: as many accumulators as registers
/// hold, each a dot product of its own in the canonical order, so that a tile gives the bits of single rows.
/// </summary>
internal static unsafe class Tile
{
    /// <summary>Weight rows of a panel; their vectors lie by turns.</summary>
    public const int PanelRows = 4;

    /// <summary>The most activation rows of a tile; their vectors lie by turns.</summary>
    public const int MostRows = 6;

    /// <summary>into[t · 4 + n] = x[t] · w[n] for <paramref name="rows"/> rows.</summary>
    /// <param name="x">The first vector of the first row.</param>
    /// <param name="xStep">Floats from one vector of a row to the next.</param>
    /// <param name="rows">Activation rows, at most <see cref="MostRows"/>.</param>
    /// <param name="w">The panel.</param>
    /// <param name="padded">Floats of a row, whole steps.</param>
    /// <param name="into">[rows, 4] results.</param>
    public static void Product<TLanes, TVector>(float* x, long xStep, int rows, float* w, long padded, float* into)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        long steps = padded / TLanes.Count;
        while (rows > 0)
        {
            // Sixteen registers, which is what 256 bits have, hold the accumulators of three rows.
            int taken = rows >= MostRows && TLanes.Count != Lanes256.Count ? MostRows : Math.Min(rows, 3);
            switch (taken)
            {
                case MostRows:
                    Tile6<TLanes, TVector>(x, xStep, w, steps, into);
                    break;
                case 3:
                    Tile3<TLanes, TVector>(x, xStep, w, steps, into);
                    break;
                case 2:
                    Tile2<TLanes, TVector>(x, xStep, w, steps, into);
                    break;
                default:
                    Tile1<TLanes, TVector>(x, xStep, w, steps, into);
                    break;
            }

            rows -= taken;
            x += taken * TLanes.Count;
            into += taken * PanelRows;
        }
    }

    private static void Tile6<TLanes, TVector>(float* x, long xStep, float* w, long steps, float* into)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector a0 = TLanes.Zero, a1 = TLanes.Zero, a2 = TLanes.Zero, a3 = TLanes.Zero;
        TVector b0 = TLanes.Zero, b1 = TLanes.Zero, b2 = TLanes.Zero, b3 = TLanes.Zero;
        TVector c0 = TLanes.Zero, c1 = TLanes.Zero, c2 = TLanes.Zero, c3 = TLanes.Zero;
        TVector d0 = TLanes.Zero, d1 = TLanes.Zero, d2 = TLanes.Zero, d3 = TLanes.Zero;
        TVector e0 = TLanes.Zero, e1 = TLanes.Zero, e2 = TLanes.Zero, e3 = TLanes.Zero;
        TVector f0 = TLanes.Zero, f1 = TLanes.Zero, f2 = TLanes.Zero, f3 = TLanes.Zero;
        for (; steps > 0; steps--, x += xStep, w += PanelRows * TLanes.Count)
        {
            TVector w0 = TLanes.Load(w), w1 = TLanes.Load(w + TLanes.Count);
            TVector w2 = TLanes.Load(w + (2 * TLanes.Count)), w3 = TLanes.Load(w + (3 * TLanes.Count));
            TVector v = TLanes.Load(x);
            a0 = TLanes.MultiplyAdd(w0, v, a0);
            a1 = TLanes.MultiplyAdd(w1, v, a1);
            a2 = TLanes.MultiplyAdd(w2, v, a2);
            a3 = TLanes.MultiplyAdd(w3, v, a3);
            v = TLanes.Load(x + TLanes.Count);
            b0 = TLanes.MultiplyAdd(w0, v, b0);
            b1 = TLanes.MultiplyAdd(w1, v, b1);
            b2 = TLanes.MultiplyAdd(w2, v, b2);
            b3 = TLanes.MultiplyAdd(w3, v, b3);
            v = TLanes.Load(x + (2 * TLanes.Count));
            c0 = TLanes.MultiplyAdd(w0, v, c0);
            c1 = TLanes.MultiplyAdd(w1, v, c1);
            c2 = TLanes.MultiplyAdd(w2, v, c2);
            c3 = TLanes.MultiplyAdd(w3, v, c3);
            v = TLanes.Load(x + (3 * TLanes.Count));
            d0 = TLanes.MultiplyAdd(w0, v, d0);
            d1 = TLanes.MultiplyAdd(w1, v, d1);
            d2 = TLanes.MultiplyAdd(w2, v, d2);
            d3 = TLanes.MultiplyAdd(w3, v, d3);
            v = TLanes.Load(x + (4 * TLanes.Count));
            e0 = TLanes.MultiplyAdd(w0, v, e0);
            e1 = TLanes.MultiplyAdd(w1, v, e1);
            e2 = TLanes.MultiplyAdd(w2, v, e2);
            e3 = TLanes.MultiplyAdd(w3, v, e3);
            v = TLanes.Load(x + (5 * TLanes.Count));
            f0 = TLanes.MultiplyAdd(w0, v, f0);
            f1 = TLanes.MultiplyAdd(w1, v, f1);
            f2 = TLanes.MultiplyAdd(w2, v, f2);
            f3 = TLanes.MultiplyAdd(w3, v, f3);
        }

        TLanes.Sums(a0, a1, a2, a3).Store(into);
        TLanes.Sums(b0, b1, b2, b3).Store(into + PanelRows);
        TLanes.Sums(c0, c1, c2, c3).Store(into + (2 * PanelRows));
        TLanes.Sums(d0, d1, d2, d3).Store(into + (3 * PanelRows));
        TLanes.Sums(e0, e1, e2, e3).Store(into + (4 * PanelRows));
        TLanes.Sums(f0, f1, f2, f3).Store(into + (5 * PanelRows));
    }

    private static void Tile3<TLanes, TVector>(float* x, long xStep, float* w, long steps, float* into)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector a0 = TLanes.Zero, a1 = TLanes.Zero, a2 = TLanes.Zero, a3 = TLanes.Zero;
        TVector b0 = TLanes.Zero, b1 = TLanes.Zero, b2 = TLanes.Zero, b3 = TLanes.Zero;
        TVector c0 = TLanes.Zero, c1 = TLanes.Zero, c2 = TLanes.Zero, c3 = TLanes.Zero;
        for (; steps > 0; steps--, x += xStep, w += PanelRows * TLanes.Count)
        {
            TVector w0 = TLanes.Load(w), w1 = TLanes.Load(w + TLanes.Count);
            TVector w2 = TLanes.Load(w + (2 * TLanes.Count)), w3 = TLanes.Load(w + (3 * TLanes.Count));
            TVector v = TLanes.Load(x);
            a0 = TLanes.MultiplyAdd(w0, v, a0);
            a1 = TLanes.MultiplyAdd(w1, v, a1);
            a2 = TLanes.MultiplyAdd(w2, v, a2);
            a3 = TLanes.MultiplyAdd(w3, v, a3);
            v = TLanes.Load(x + TLanes.Count);
            b0 = TLanes.MultiplyAdd(w0, v, b0);
            b1 = TLanes.MultiplyAdd(w1, v, b1);
            b2 = TLanes.MultiplyAdd(w2, v, b2);
            b3 = TLanes.MultiplyAdd(w3, v, b3);
            v = TLanes.Load(x + (2 * TLanes.Count));
            c0 = TLanes.MultiplyAdd(w0, v, c0);
            c1 = TLanes.MultiplyAdd(w1, v, c1);
            c2 = TLanes.MultiplyAdd(w2, v, c2);
            c3 = TLanes.MultiplyAdd(w3, v, c3);
        }

        TLanes.Sums(a0, a1, a2, a3).Store(into);
        TLanes.Sums(b0, b1, b2, b3).Store(into + PanelRows);
        TLanes.Sums(c0, c1, c2, c3).Store(into + (2 * PanelRows));
    }

    private static void Tile2<TLanes, TVector>(float* x, long xStep, float* w, long steps, float* into)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector a0 = TLanes.Zero, a1 = TLanes.Zero, a2 = TLanes.Zero, a3 = TLanes.Zero;
        TVector b0 = TLanes.Zero, b1 = TLanes.Zero, b2 = TLanes.Zero, b3 = TLanes.Zero;
        for (; steps > 0; steps--, x += xStep, w += PanelRows * TLanes.Count)
        {
            TVector w0 = TLanes.Load(w), w1 = TLanes.Load(w + TLanes.Count);
            TVector w2 = TLanes.Load(w + (2 * TLanes.Count)), w3 = TLanes.Load(w + (3 * TLanes.Count));
            TVector v = TLanes.Load(x);
            a0 = TLanes.MultiplyAdd(w0, v, a0);
            a1 = TLanes.MultiplyAdd(w1, v, a1);
            a2 = TLanes.MultiplyAdd(w2, v, a2);
            a3 = TLanes.MultiplyAdd(w3, v, a3);
            v = TLanes.Load(x + TLanes.Count);
            b0 = TLanes.MultiplyAdd(w0, v, b0);
            b1 = TLanes.MultiplyAdd(w1, v, b1);
            b2 = TLanes.MultiplyAdd(w2, v, b2);
            b3 = TLanes.MultiplyAdd(w3, v, b3);
        }

        TLanes.Sums(a0, a1, a2, a3).Store(into);
        TLanes.Sums(b0, b1, b2, b3).Store(into + PanelRows);
    }

    private static void Tile1<TLanes, TVector>(float* x, long xStep, float* w, long steps, float* into)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector a0 = TLanes.Zero, a1 = TLanes.Zero, a2 = TLanes.Zero, a3 = TLanes.Zero;
        for (; steps > 0; steps--, x += xStep, w += PanelRows * TLanes.Count)
        {
            TVector w0 = TLanes.Load(w), w1 = TLanes.Load(w + TLanes.Count);
            TVector w2 = TLanes.Load(w + (2 * TLanes.Count)), w3 = TLanes.Load(w + (3 * TLanes.Count));
            TVector v = TLanes.Load(x);
            a0 = TLanes.MultiplyAdd(w0, v, a0);
            a1 = TLanes.MultiplyAdd(w1, v, a1);
            a2 = TLanes.MultiplyAdd(w2, v, a2);
            a3 = TLanes.MultiplyAdd(w3, v, a3);
        }

        TLanes.Sums(a0, a1, a2, a3).Store(into);
    }
}
