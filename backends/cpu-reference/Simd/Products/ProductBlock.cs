using System.Runtime.Intrinsics;
using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Backends.CpuReference.Simd.Products;

/// <summary>
/// Packed activation rows times a block of a stored matrix's rows. One activation row reads the weights where they lie;
/// several share panels of them, decoded once. Both keep to the canonical order, so the bits are the same.
/// </summary>
internal static unsafe class ProductBlock
{
    // Panels and the activation group they meet should stay in the second-level cache together.
    private const long PanelBytes = 256 << 10;

    /// <summary>Rows of a panel for rows of that many floats: a multiple of <see cref="Tile.PanelRows"/>.</summary>
    public static int PanelRows(long rowFloats) =>
        (int)Math.Clamp(PanelBytes / (rowFloats * sizeof(float)) / Tile.PanelRows, 1, 32) * Tile.PanelRows;

    /// <summary>Floats of scratch that a run takes.</summary>
    public static long ScratchFloats(in PackedRows x) => (PanelRows(x.RowFloats) * x.RowFloats) + x.Width;

    /// <summary>Multiplies rows <paramref name="first"/> … <paramref name="first"/> + <paramref name="count"/> - 1.</summary>
    /// <param name="part">The stored matrix.</param>
    /// <param name="first">The first of its rows.</param>
    /// <param name="count">Rows of it.</param>
    /// <param name="x">The activations.</param>
    /// <param name="results">Takes the results; weight rows are counted from the matrix's first.</param>
    /// <param name="scratch">Of this worker.</param>
    public static void Run<TResults>(
        in WeightSource part, long first, long count, in PackedRows x, TResults results, Scratch scratch)
        where TResults : struct, IResults
    {
        if (Dot.Is512)
            Run<Lanes512, Vector512<float>, TResults>(part, first, count, x, results, scratch);
        else if (Dot.Is256)
            Run<Lanes256, Vector256<float>, TResults>(part, first, count, x, results, scratch);
        else
            Run<Lanes128, Vector128<float>, TResults>(part, first, count, x, results, scratch);
    }

    private static void Run<TLanes, TVector, TResults>(
        in WeightSource part, long first, long count, in PackedRows x, TResults results, Scratch scratch)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TResults : struct, IResults
    {
        switch (part.Type)
        {
            case ElementType.BF16:
                Run<TLanes, TVector, BF16Format, TResults>(part, first, count, x, results, scratch);
                break;
            case ElementType.F8E4M3:
                Run<TLanes, TVector, E4M3Format, TResults>(part, first, count, x, results, scratch);
                break;
            case ElementType.I8:
                Run<TLanes, TVector, I8Format, TResults>(part, first, count, x, results, scratch);
                break;
            default:
                Run<TLanes, TVector, F32Format, TResults>(part, first, count, x, results, scratch);
                break;
        }
    }

    private static void Run<TLanes, TVector, TFormat, TResults>(
        in WeightSource part, long first, long count, in PackedRows x, TResults results, Scratch scratch)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
        where TResults : struct, IResults
    {
        if (x.Rows == 1 && ReadsInPlace<TLanes, TVector, TFormat>(part, x))
        {
            InPlace<TLanes, TVector, TFormat, TResults>(part, first, count, x, results);
            return;
        }

        // A group alone meets each panel once: then the panel had better stay in the first-level cache.
        long panelRows = x.Groups == 1 ? Tile.PanelRows : PanelRows(x.RowFloats);
        float* panel = scratch.Floats(ScratchFloats(x));
        for (long n = 0; n < count; n += panelRows)
        {
            long taken = Math.Min(panelRows, count - n);
            DecodePanel<TLanes, TVector, TFormat>(part, first + n, taken, x, panel, panel + (panelRows * x.RowFloats));
            for (long group = 0; group < x.Groups; group++)
                GroupTimesPanel<TLanes, TVector, TResults>(x, group, panel, first + n, taken, results);
        }
    }

    private static bool ReadsInPlace<TLanes, TVector, TFormat>(in WeightSource part, in PackedRows x)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        int step = 2 * TLanes.Count;
        return !TFormat.IsScaled
            || (new StoredRow(part, 0, 0, TFormat.Bytes).IsCutBy(step) && (x.Chunks == 1 || x.Width % step == 0));
    }

    private static void InPlace<TLanes, TVector, TFormat, TResults>(
        in WeightSource part, long first, long count, in PackedRows x, TResults results)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
        where TResults : struct, IResults
    {
        StoredRow* rows = stackalloc StoredRow[StoredProduct.Abreast];
        for (long n = 0; n < count; n += StoredProduct.Abreast)
        {
            // Behind the last row it stands in for those that are not there.
            for (int i = 0; i < StoredProduct.Abreast; i++)
                rows[i] = new StoredRow(part, first + Math.Min(n + i, count - 1), 0, TFormat.Bytes);
            byte* next = NextRows(part, first + n, TFormat.Bytes);
            int wanted = (int)Math.Min(StoredProduct.Abreast, count - n);
            StoredProduct.Run<TLanes, TVector, TFormat, TResults>(x, rows, next, first + n, wanted, results);
        }
    }

    /// <summary>Where the next rows begin; where those of a shard do not follow each other, these rows themselves.</summary>
    private static byte* NextRows(in WeightSource part, long n, int bytes)
    {
        long rows = part.RowStride == part.Columns ? n + StoredProduct.Abreast : n;
        return (byte*)part.Address + (rows * part.RowStride * bytes);
    }

    private static void DecodePanel<TLanes, TVector, TFormat>(
        in WeightSource part, long first, long count, in PackedRows x, float* panel, float* floats)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TFormat : struct, IFormat
    {
        int stride = Tile.PanelRows * TLanes.Count;
        for (long n = 0; n < count; n += Tile.PanelRows)
        {
            for (int i = 0; i < Tile.PanelRows; i++)
            {
                long row = first + Math.Min(n + i, count - 1);
                for (int c = 0; c < x.Chunks; c++)
                {
                    float* into = panel + (n * x.RowFloats) + (c * Tile.PanelRows * x.Padded) + (i * TLanes.Count);
                    LaneOrder.Decode<TLanes, TVector, TFormat>(part, row, c * x.Width, x.Width, into, stride, floats);
                }
            }
        }
    }

    private static void GroupTimesPanel<TLanes, TVector, TResults>(
        in PackedRows x, long group, float* panel, long first, long count, TResults results)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
        where TResults : struct, IResults
    {
        for (long n = 0; n < count; n += Tile.PanelRows)
        {
            int wanted = (int)Math.Min(Tile.PanelRows, count - n);
            Tile.Run<TLanes, TVector, TResults>(x, group, panel + (n * x.RowFloats), first + n, wanted, results);
        }
    }
}
