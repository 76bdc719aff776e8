using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>What one token's attention needs while it runs, in one stretch of memory.</summary>
internal readonly unsafe struct AttendScratch
{
    private const int Aligned = 64;

    /// <summary>
    /// Lays the parts out from <paramref name="first"/> on, for up to <paramref name="rows"/> cached rows.
    /// </summary>
    public AttendScratch(float* first, AttentionDims dims, int rows)
    {
        int width = dims.Latent + dims.Rope, lanes = QueryPanels.LanesOf(dims.Heads);
        Panels = new QueryPanels(first, dims.Heads, width);
        Logits = first + Padded(lanes * (long)width);
        Slots = (int*)(Logits + Padded(lanes * (long)Tiles(rows)));
        Inverse = (float*)Slots + Padded(rows);
        Spill = Inverse + Padded(lanes);
    }

    /// <summary>Queries, latent part then rotated part, heads as lanes.</summary>
    public QueryPanels Panels { get; }

    /// <summary>[rows, lanes] logits, then their exponentials; rows filled up to whole tiles.</summary>
    public float* Logits { get; }

    /// <summary>[rows] slots of the rows.</summary>
    public int* Slots { get; }

    /// <summary>[lanes] one over the sum of exponentials.</summary>
    public float* Inverse { get; }

    /// <summary>[latent] nobody reads it.</summary>
    public float* Spill { get; }

    /// <summary>Floats that so many rows take.</summary>
    public static long Floats(AttentionDims dims, int rows)
    {
        long lanes = QueryPanels.LanesOf(dims.Heads);
        return Padded(lanes * (dims.Latent + dims.Rope)) + Padded(lanes * Tiles(rows)) + Padded(rows) + Padded(lanes)
            + Padded(dims.Latent);
    }

    private static int Tiles(int rows) => (rows + RowDots.Rows - 1) / RowDots.Rows * RowDots.Rows;

    private static long Padded(long floats) => (floats + Aligned - 1) / Aligned * Aligned;
}
