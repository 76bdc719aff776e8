using System.Globalization;

namespace Glm5.Core.Weights;

/// <summary>
/// Tensor names, written shortly: names that differ only in their numbers are one pattern, such as
/// <c>model.layers.7.mlp.experts.{0..255}.up_proj.weight</c>.
/// </summary>
internal sealed class TensorNameSet
{
    private const int MostRanges = 6;
    private const int MostCharacters = 160;
    private const string Number = "\0";

    private readonly List<string> _order = [];
    private readonly Dictionary<string, List<int[]>> _numbersByPattern = new(StringComparer.Ordinal);

    public void Add(string name)
    {
        string[] segments = Printable(name).Split('.');
        List<int> numbers = [];
        for (int i = 0; i < segments.Length; i++)
        {
            if (int.TryParse(segments[i], NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                && (segments[i].Length == 1 || segments[i][0] != '0'))
            {
                numbers.Add(number);
                segments[i] = Number;
            }
        }

        string pattern = string.Join('.', segments);
        if (!_numbersByPattern.TryGetValue(pattern, out List<int[]>? rows))
        {
            _numbersByPattern.Add(pattern, rows = []);
            _order.Add(pattern);
        }

        rows.Add([.. numbers]);
    }

    /// <summary>A name from a file, fit for a message: short, and unable to steer the terminal that shows it.</summary>
    public static string Printable(string name)
    {
        string shown = name.Length <= MostCharacters ? name : string.Concat(name.AsSpan(0, MostCharacters - 3), "...");
        return string.Create(shown.Length, shown, static (into, from) =>
        {
            for (int i = 0; i < into.Length; i++)
            {
                into[i] = char.IsControl(from[i]) ? '?' : from[i];
            }
        });
    }

    /// <summary>The patterns in the order of their first names, each with how many names it stands for.</summary>
    public IEnumerable<(string Name, long Count)> Condense()
    {
        foreach (string pattern in _order)
        {
            List<int[]> rows = _numbersByPattern[pattern];
            foreach ((string[] numbers, long count) in Condense(rows, rows[0].Length))
            {
                yield return (Fill(pattern, numbers), count);
            }
        }
    }

    /// <summary>
    /// From the last number inwards: rows with the same numbers before it form one set; prefixes with equal sets
    /// are one group, condensed by the same rule.
    /// </summary>
    private static List<(string[] Numbers, long Count)> Condense(IEnumerable<int[]> rows, int width)
    {
        if (width == 0)
        {
            return [([], 1)];
        }

        Dictionary<string, (List<int[]> Prefixes, int Count)> prefixesBySet = [];
        foreach ((int[] prefix, SortedSet<int> last) in GroupByPrefix(rows, width - 1))
        {
            string text = Ranges(last);
            if (!prefixesBySet.TryGetValue(text, out (List<int[]> Prefixes, int Count) group))
            {
                prefixesBySet.Add(text, group = ([], last.Count));
            }

            group.Prefixes.Add(prefix);
        }

        List<(string[] Numbers, long Count)> condensed = [];
        foreach ((string text, (List<int[]> prefixes, int count)) in prefixesBySet)
        {
            foreach ((string[] numbers, long outer) in Condense(prefixes, width - 1))
            {
                condensed.Add(([.. numbers, text], outer * count));
            }
        }

        return condensed;
    }

    private static List<(int[] Prefix, SortedSet<int> Last)> GroupByPrefix(IEnumerable<int[]> rows, int width)
    {
        Dictionary<string, (int[] Prefix, SortedSet<int> Last)> groups = [];
        foreach (int[] row in rows)
        {
            string key = string.Join('.', row[..width]);
            if (!groups.TryGetValue(key, out (int[] Prefix, SortedSet<int> Last) group))
            {
                groups.Add(key, group = (row[..width], []));
            }

            group.Last.Add(row[width]);
        }

        return [.. groups.Values];
    }

    private static string Ranges(SortedSet<int> numbers)
    {
        if (numbers.Count == 1)
        {
            return numbers.Min.ToString(CultureInfo.InvariantCulture);
        }

        List<(int First, int Last)> ranges = [];
        foreach (int number in numbers)
        {
            if (ranges.Count > 0 && ranges[^1].Last == number - 1)
            {
                ranges[^1] = (ranges[^1].First, number);
            }
            else
            {
                ranges.Add((number, number));
            }
        }

        List<string> texts = ranges.ConvertAll(static r => r.First == r.Last ? $"{r.First}" : $"{r.First}..{r.Last}");
        if (texts.Count > MostRanges)
        {
            // Both ends and the count; the set stays distinguishable enough to be grouped by its text.
            texts = [texts[0], texts[1], texts[2], $"... {numbers.Count} in all ...", texts[^1]];
        }

        return $"{{{string.Join(',', texts)}}}";
    }

    private static string Fill(string pattern, string[] numbers)
    {
        string[] segments = pattern.Split('.');
        int next = 0;
        for (int i = 0; i < segments.Length; i++)
        {
            if (segments[i] == Number)
            {
                segments[i] = numbers[next++];
            }
        }

        return string.Join('.', segments);
    }
}
