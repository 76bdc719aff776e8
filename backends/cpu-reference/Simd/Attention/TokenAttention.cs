using Glm5.Core.Accelerator;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>
/// Latent attention of one token over the rows selected for it, read in place from the paged cache (specification 3.1):
/// all heads share one pass over a row. Stages in order; each can be cut into ranges, and every sum has one fixed order
/// however it is cut: over the width, over the rows, ascending.
/// </summary>
internal readonly unsafe struct TokenAttention
{
    public required AttentionDims Dims { get; init; }

    public required StepLayout Layout { get; init; }

    /// <summary>The layer's latent rows.</summary>
    public required CachedRows Cache { get; init; }

    /// <summary>q̃ [tokens, heads, latent].</summary>
    public required float* Absorbed { get; init; }

    /// <summary>Rotated query parts [tokens, heads, rope].</summary>
    public required float* Rotated { get; init; }

    /// <summary>
    /// [tokens, <see cref="SelectedWidth"/>] positions, ascending, −1 behind them; null for every position.
    /// </summary>
    public required int* Selected { get; init; }

    public required int SelectedWidth { get; init; }

    /// <summary>Result [tokens, heads, latent].</summary>
    public required float* Attended { get; init; }

    private int Stride => Dims.Latent + Dims.Rope;

    /// <summary>
    /// Finds the slots of the rows that a token attends to, ascending by position; returns their number.
    /// </summary>
    public int FindSlots(int t, int* slots)
    {
        BlockTable blocks = Layout.BlockTables[Layout.SequenceOf[t]];
        int* selected = Selected + ((long)t * SelectedWidth);
        int candidates = Selected is null ? Layout.Positions[t] + 1 : SelectedWidth;
        int blockSlots = Layout.BlockSlots, first = -blockSlots, slot = 0, count = 0;
        for (; count < candidates; count++)
        {
            int position = Selected is null ? count : selected[count];
            if (position < 0)
                break;
            if ((uint)(position - first) >= (uint)blockSlots)
            {
                first = position - (position % blockSlots);
                slot = blocks.SlotOf(first, blockSlots);
            }

            slots[count] = slot + position - first;
        }

        return count;
    }

    /// <summary>Lays out the queries of a panel's heads.</summary>
    public void LayOut(int t, AttendScratch scratch, int panel)
    {
        (int latent, int rope) = (Dims.Latent, Dims.Rope);
        int h = panel * QueryPanels.Widest, lanes = scratch.Panels.LanesIn(panel);
        int given = Math.Min(lanes, Dims.Heads - h);
        long row = ((long)t * Dims.Heads) + h;
        scratch.Panels.Fill(h, lanes, Absorbed + (row * latent), latent, given, 0, latent);
        scratch.Panels.Fill(h, lanes, Rotated + (row * rope), rope, given, latent, rope);
    }

    /// <summary>
    /// Logits of rows <paramref name="first"/> (a whole tile) … <paramref name="end"/> - 1, all heads.
    /// </summary>
    public void Multiply(AttendScratch scratch, int first, int end)
    {
        QueryPanels panels = scratch.Panels;
        float** rows = stackalloc float*[RowDots.Rows], next = stackalloc float*[RowDots.Rows];
        int tileFloats = Cache.InPlace ? 0 : RowDots.Rows * Stride;
        float* room = stackalloc float[2 * tileFloats], nextRoom = room + tileFloats;
        FindRows(scratch.Slots, first, end, next, nextRoom);
        for (int j = first; j < end; j += RowDots.Rows)
        {
            float** tile = next;
            next = rows;
            rows = tile;
            float* decoded = nextRoom;
            nextRoom = room;
            room = decoded;
            bool more = j + RowDots.Rows < end;
            if (more)
                FindRows(scratch.Slots, j + RowDots.Rows, end, next, nextRoom);
            float* logits = scratch.Logits + ((long)j * panels.Lanes);
            for (int panel = 0; panel < panels.Count; panel++, logits += QueryPanels.Widest)
            {
                RowDots.Tile(
                    rows, more && panel == 0 ? next : null, panels.Panel(panel), panels.LanesIn(panel), panels.Width,
                    Dims.SoftmaxScale, logits, panels.Lanes);
            }
        }
    }

    /// <summary>
    /// Addresses of a tile's rows, decoded to <paramref name="room"/> if need be; behind the last it is the last again.
    /// </summary>
    private void FindRows(int* slots, int first, int end, float** rows, float* room)
    {
        for (int i = 0; i < RowDots.Rows; i++)
            rows[i] = Cache.Find(slots[Math.Min(first + i, end - 1)], room + (i * Stride));
    }

    /// <summary>Exponentials of a panel's logits, and one over their sums.</summary>
    public static void Normalize(AttendScratch scratch, int count, int panel)
    {
        int lane = panel * QueryPanels.Widest;
        HeadSoftmax.Apply(
            scratch.Logits + lane, count, scratch.Panels.Lanes, scratch.Panels.LanesIn(panel), scratch.Inverse + lane);
    }

    /// <summary>
    /// Latent columns <paramref name="first"/> … <paramref name="end"/> - 1 of the result, all heads.
    /// </summary>
    public void Sum(int t, AttendScratch scratch, int count, int first, int end)
    {
        var sums = new WeightedRows
        {
            Cache = Cache.InPlace ? Cache.Floats : null,
            CacheStride = Stride,
            Slots = scratch.Slots,
            Count = count,
            Weights = scratch.Logits,
            WeightStride = scratch.Panels.Lanes,
            Factors = scratch.Inverse,
            Heads = Dims.Heads,
            Into = Attended + ((long)t * Dims.Heads * Dims.Latent),
            IntoStride = Dims.Latent,
            Spill = scratch.Spill,
        };
        if (Cache.InPlace)
            sums.Sum(first, end);
        else
            DecodedRows.Sum(sums, Cache, first, end);
    }
}
