namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>
/// The products of some activation rows with four decoded weight rows, all in lane order: as many accumulators as registers
/// hold, each a dot product of its own in the canonical order, so that a tile gives the bits of single rows.
/// </summary>
internal static unsafe class Tile
{
    /// <summary>Weight rows of a tile; their vectors lie by turns.</summary>
    public const int PanelRows = 4;

    /// <summary>The most activation rows of a tile; their vectors lie by turns.</summary>
    public const int MostRows = 6;

    /// <summary>Multiplies a group of activation rows.</summary>
    /// <param name="x">The activations.</param>
    /// <param name="group">Which group of them.</param>
    /// <param name="w">Four decoded weight rows, chunk by chunk.</param>
    /// <param name="first">The first one's number.</param>
    /// <param name="count">Weight rows of which results are wanted.</param>
    /// <param name="results">Takes them.</param>
    public static void Run<TLanes, TVector, TResults>(
        in PackedRows x, long group, float* w, long first, int count, TResults results)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TResults : struct, IResults
    {
        int rows = x.RowsOf(group);
        var strip = new Strip<TResults>
        {
            XStep = rows * TLanes.Count,
            Steps = x.Padded / TLanes.Count,
            Chunks = x.Chunks,
            First = first,
            Count = count,
            Results = results,
        };
        float* from = x.At(group, 0);
        for (int done = 0; done < rows;)
        {
            int taken = Take(rows - done, TLanes.Count);
            float* at = from + (done * TLanes.Count);
            long row = (group * MostRows) + done;
            switch (taken)
            {
                case MostRows:
                    Rows6<TLanes, TVector, TResults>(strip, at, w, row);
                    break;
                case 4:
                    Rows4<TLanes, TVector, TResults>(strip, at, w, row);
                    break;
                case 3:
                    Rows3<TLanes, TVector, TResults>(strip, at, w, row);
                    break;
                case 2:
                    Rows2<TLanes, TVector, TResults>(strip, at, w, row);
                    break;
                default:
                    Rows1<TLanes, TVector, TResults>(strip, at, w, row);
                    break;
            }

            done += taken;
        }
    }

    /// <summary>Rows for the next tile: the sixteen registers that go with 256 bits hold the accumulators of
    /// three.</summary>
    private static int Take(int rows, int lanes)
    {
        if (lanes == Lanes256.Count)
            return Math.Min(rows, 3);
        return rows == 5 ? 3 : Math.Min(rows, MostRows);
    }

    private static void Rows6<TLanes, TVector, TResults>(in Strip<TResults> strip, float* x, float* w, long row)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TResults : struct, IResults
    {
        long xStep = strip.XStep, steps = strip.Steps;
        for (int c = 0; c < strip.Chunks; c++)
        {
            TVector a0 = TLanes.Zero, a1 = TLanes.Zero, a2 = TLanes.Zero, a3 = TLanes.Zero;
            TVector b0 = TLanes.Zero, b1 = TLanes.Zero, b2 = TLanes.Zero, b3 = TLanes.Zero;
            TVector c0 = TLanes.Zero, c1 = TLanes.Zero, c2 = TLanes.Zero, c3 = TLanes.Zero;
            TVector d0 = TLanes.Zero, d1 = TLanes.Zero, d2 = TLanes.Zero, d3 = TLanes.Zero;
            TVector e0 = TLanes.Zero, e1 = TLanes.Zero, e2 = TLanes.Zero, e3 = TLanes.Zero;
            TVector f0 = TLanes.Zero, f1 = TLanes.Zero, f2 = TLanes.Zero, f3 = TLanes.Zero;
            for (long s = 0; s < steps; s++, x += xStep, w += PanelRows * TLanes.Count)
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

            strip.Results.Put(row, c, strip.First, strip.Count, TLanes.Sums(a0, a1, a2, a3));
            strip.Results.Put(row + 1, c, strip.First, strip.Count, TLanes.Sums(b0, b1, b2, b3));
            strip.Results.Put(row + 2, c, strip.First, strip.Count, TLanes.Sums(c0, c1, c2, c3));
            strip.Results.Put(row + 3, c, strip.First, strip.Count, TLanes.Sums(d0, d1, d2, d3));
            strip.Results.Put(row + 4, c, strip.First, strip.Count, TLanes.Sums(e0, e1, e2, e3));
            strip.Results.Put(row + 5, c, strip.First, strip.Count, TLanes.Sums(f0, f1, f2, f3));
        }
    }

    private static void Rows4<TLanes, TVector, TResults>(in Strip<TResults> strip, float* x, float* w, long row)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TResults : struct, IResults
    {
        long xStep = strip.XStep, steps = strip.Steps;
        for (int c = 0; c < strip.Chunks; c++)
        {
            TVector a0 = TLanes.Zero, a1 = TLanes.Zero, a2 = TLanes.Zero, a3 = TLanes.Zero;
            TVector b0 = TLanes.Zero, b1 = TLanes.Zero, b2 = TLanes.Zero, b3 = TLanes.Zero;
            TVector c0 = TLanes.Zero, c1 = TLanes.Zero, c2 = TLanes.Zero, c3 = TLanes.Zero;
            TVector d0 = TLanes.Zero, d1 = TLanes.Zero, d2 = TLanes.Zero, d3 = TLanes.Zero;
            for (long s = 0; s < steps; s++, x += xStep, w += PanelRows * TLanes.Count)
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
            }

            strip.Results.Put(row, c, strip.First, strip.Count, TLanes.Sums(a0, a1, a2, a3));
            strip.Results.Put(row + 1, c, strip.First, strip.Count, TLanes.Sums(b0, b1, b2, b3));
            strip.Results.Put(row + 2, c, strip.First, strip.Count, TLanes.Sums(c0, c1, c2, c3));
            strip.Results.Put(row + 3, c, strip.First, strip.Count, TLanes.Sums(d0, d1, d2, d3));
        }
    }

    private static void Rows3<TLanes, TVector, TResults>(in Strip<TResults> strip, float* x, float* w, long row)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TResults : struct, IResults
    {
        long xStep = strip.XStep, steps = strip.Steps;
        for (int c = 0; c < strip.Chunks; c++)
        {
            TVector a0 = TLanes.Zero, a1 = TLanes.Zero, a2 = TLanes.Zero, a3 = TLanes.Zero;
            TVector b0 = TLanes.Zero, b1 = TLanes.Zero, b2 = TLanes.Zero, b3 = TLanes.Zero;
            TVector c0 = TLanes.Zero, c1 = TLanes.Zero, c2 = TLanes.Zero, c3 = TLanes.Zero;
            for (long s = 0; s < steps; s++, x += xStep, w += PanelRows * TLanes.Count)
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

            strip.Results.Put(row, c, strip.First, strip.Count, TLanes.Sums(a0, a1, a2, a3));
            strip.Results.Put(row + 1, c, strip.First, strip.Count, TLanes.Sums(b0, b1, b2, b3));
            strip.Results.Put(row + 2, c, strip.First, strip.Count, TLanes.Sums(c0, c1, c2, c3));
        }
    }

    private static void Rows2<TLanes, TVector, TResults>(in Strip<TResults> strip, float* x, float* w, long row)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TResults : struct, IResults
    {
        long xStep = strip.XStep, steps = strip.Steps;
        for (int c = 0; c < strip.Chunks; c++)
        {
            TVector a0 = TLanes.Zero, a1 = TLanes.Zero, a2 = TLanes.Zero, a3 = TLanes.Zero;
            TVector b0 = TLanes.Zero, b1 = TLanes.Zero, b2 = TLanes.Zero, b3 = TLanes.Zero;
            for (long s = 0; s < steps; s++, x += xStep, w += PanelRows * TLanes.Count)
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

            strip.Results.Put(row, c, strip.First, strip.Count, TLanes.Sums(a0, a1, a2, a3));
            strip.Results.Put(row + 1, c, strip.First, strip.Count, TLanes.Sums(b0, b1, b2, b3));
        }
    }

    private static void Rows1<TLanes, TVector, TResults>(in Strip<TResults> strip, float* x, float* w, long row)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TResults : struct, IResults
    {
        long xStep = strip.XStep, steps = strip.Steps;
        for (int c = 0; c < strip.Chunks; c++)
        {
            TVector a0 = TLanes.Zero, a1 = TLanes.Zero, a2 = TLanes.Zero, a3 = TLanes.Zero;
            for (long s = 0; s < steps; s++, x += xStep, w += PanelRows * TLanes.Count)
            {
                TVector w0 = TLanes.Load(w), w1 = TLanes.Load(w + TLanes.Count);
                TVector w2 = TLanes.Load(w + (2 * TLanes.Count)), w3 = TLanes.Load(w + (3 * TLanes.Count));
                TVector v = TLanes.Load(x);
                a0 = TLanes.MultiplyAdd(w0, v, a0);
                a1 = TLanes.MultiplyAdd(w1, v, a1);
                a2 = TLanes.MultiplyAdd(w2, v, a2);
                a3 = TLanes.MultiplyAdd(w3, v, a3);
            }

            strip.Results.Put(row, c, strip.First, strip.Count, TLanes.Sums(a0, a1, a2, a3));
        }
    }

    /// <summary>What tiles of one group and the same weight rows have in common.</summary>
    private readonly struct Strip<TResults>
        where TResults : struct, IResults
    {
        /// <summary>Floats from one vector of an activation row to the next.</summary>
        public required long XStep { get; init; }

        /// <summary>Vectors of a chunk.</summary>
        public required long Steps { get; init; }

        public required int Chunks { get; init; }

        public required long First { get; init; }

        public required int Count { get; init; }

        public required TResults Results { get; init; }
    }
}
