namespace Glm5.Core.Constrained.Text;

/// <summary>Characters from one to another, both included.</summary>
internal readonly record struct CharRange(int Low, int High);

/// <summary>
/// A set of Unicode characters: ascending ranges with gaps between them, halves of surrogate pairs never in it.
/// Immutable.
/// </summary>
internal sealed class CharSet
{
    public const int Last = 0x10FFFF;
    private const int FirstSurrogate = 0xD800, LastSurrogate = 0xDFFF;

    private CharSet(IReadOnlyList<CharRange> ranges) => Ranges = ranges;

    /// <summary>Every character.</summary>
    public static CharSet All { get; } = Of([new CharRange(0, Last)]);

    public IReadOnlyList<CharRange> Ranges { get; }

    public static CharSet Of(int character) => Of([new CharRange(character, character)]);

    /// <summary>The characters of some ranges, in any order.</summary>
    public static CharSet Of(IEnumerable<CharRange> ranges)
    {
        var parts = new List<CharRange>();
        foreach (CharRange range in ranges)
        {
            parts.Add(range with { High = Math.Min(range.High, FirstSurrogate - 1) });
            parts.Add(range with { Low = Math.Max(range.Low, LastSurrogate + 1) });
        }

        parts.RemoveAll(part => part.Low > part.High);
        parts.Sort((one, other) => one.Low.CompareTo(other.Low));
        var merged = new List<CharRange>();
        foreach (CharRange part in parts)
        {
            if (merged.Count > 0 && part.Low <= merged[^1].High + 1)
                merged[^1] = merged[^1] with { High = Math.Max(merged[^1].High, part.High) };
            else
                merged.Add(part);
        }

        return new CharSet(merged);
    }

    /// <summary>Every other character.</summary>
    public CharSet Complement()
    {
        var others = new List<CharRange>();
        int from = 0;
        foreach (CharRange range in Ranges)
        {
            others.Add(new CharRange(from, range.Low - 1));
            from = range.High + 1;
        }

        others.Add(new CharRange(from, Last));
        return Of(others);
    }
}
