using System.Text;

namespace Glm5.Core.Constrained.Text;

/// <summary>Characters as ranges of bytes: <c>[E4-E9][80-BF][80-BF]</c>.</summary>
internal static class Utf8Ranges
{
    private const int ContinuationBits = 6;
    private static readonly int[] s_lastOfLength = [0x7F, 0x7FF, 0xFFFF, 0x10FFFF];

    /// <summary>
    /// Splits a range of characters, without surrogates in it, into sequences of byte ranges.
    /// </summary>
    public static List<CharRange[]> Split(CharRange range)
    {
        var sequences = new List<CharRange[]>();
        foreach (int last in s_lastOfLength)
        {
            if (range.Low <= last && range.Low <= range.High)
                AddOfOneLength(range with { High = Math.Min(range.High, last) }, sequences);
            range = range with { Low = Math.Max(range.Low, last + 1) };
        }

        return sequences;
    }

    /// <summary>
    /// Cuts until the trailing bytes of both ends are either equal or span everything, so that each byte varies by
    /// itself.
    /// </summary>
    private static void AddOfOneLength(CharRange range, List<CharRange[]> sequences)
    {
        int length = new Rune(range.Low).Utf8SequenceLength;
        for (int trailing = 1; trailing < length; trailing++)
        {
            int mask = (1 << (ContinuationBits * trailing)) - 1;
            if ((range.Low & ~mask) == (range.High & ~mask))
                continue;
            if ((range.Low & mask) != 0)
            {
                AddOfOneLength(range with { High = range.Low | mask }, sequences);
                AddOfOneLength(range with { Low = (range.Low | mask) + 1 }, sequences);
                return;
            }

            if ((range.High & mask) != mask)
            {
                AddOfOneLength(range with { High = (range.High & ~mask) - 1 }, sequences);
                AddOfOneLength(range with { Low = range.High & ~mask }, sequences);
                return;
            }
        }

        Span<byte> low = stackalloc byte[length], high = stackalloc byte[length];
        new Rune(range.Low).EncodeToUtf8(low);
        new Rune(range.High).EncodeToUtf8(high);
        var bytes = new CharRange[length];
        for (int i = 0; i < length; i++)
            bytes[i] = new CharRange(low[i], high[i]);
        sequences.Add(bytes);
    }
}
