using System.Numerics;

namespace Glm5.Backends.CpuReference.Simd.Attention;

/// <summary>
/// Query rows laid out so that they are the lanes of vectors: panels of up to <see cref="Widest"/> rows, each panel
/// [width, lanes], the last one filled up with zero rows to a power of two. A dot product with a cached row then sums
/// over the width in ascending order within one lane: its bits depend neither on the vector width nor on the other
/// rows.
/// </summary>
internal readonly unsafe struct QueryPanels(float* first, int rows, int width)
{
    /// <summary>Lanes of a whole panel: two of the widest vectors.</summary>
    public const int Widest = 32;

    private const int Narrowest = 4;

    /// <summary>Panels.</summary>
    public int Count => (rows + Widest - 1) / Widest;

    /// <summary>Rows, the zero rows included.</summary>
    public int Lanes => LanesOf(rows);

    /// <summary>Values of a row.</summary>
    public int Width => width;

    /// <summary>Rows filled up as panels do.</summary>
    public static int LanesOf(int rows)
    {
        int last = rows % Widest;
        return last == 0 ? rows : rows - last + Math.Max(Narrowest, (int)BitOperations.RoundUpToPowerOf2((uint)last));
    }

    /// <summary>Address of a panel, [width, lanes].</summary>
    public float* Panel(int panel) => first + ((long)panel * Widest * width);

    /// <summary>Lanes of a panel: 4, 8, 16 or 32.</summary>
    public int LanesIn(int panel) => Math.Min(Widest, Lanes - (panel * Widest));

    /// <summary>
    /// Writes columns <paramref name="column"/> … of <paramref name="count"/> lanes of one panel, from lane
    /// <paramref name="lane"/> of all panels on: of the first <paramref name="given"/> lanes the rows that lie
    /// <paramref name="stride"/> floats apart, of the others zeros.
    /// </summary>
    public void Fill(int lane, int count, float* from, long stride, int given, int column, int columns)
    {
        int panel = lane / Widest, lanes = LanesIn(panel);
        float* into = Panel(panel) + ((long)column * lanes) + (lane % Widest);
        for (int k = 0; k < columns; k++, into += lanes)
        {
            float* value = from + k;
            for (int i = 0; i < given; i++, value += stride)
                into[i] = *value;
            for (int i = Math.Max(given, 0); i < count; i++)
                into[i] = 0;
        }
    }
}
