namespace Glm5.Core.Weights;

/// <summary>
/// What is wrong with a checkpoint, in the order it was found, short enough to read: problems that differ only in
/// the numbers of a tensor's name become one line, and a line limit holds whatever the input.
/// </summary>
internal sealed class ProblemList
{
    private const int MostLines = 100;

    private readonly List<(string What, string Detail, TensorNameSet? Names)> _entries = [];
    private readonly Dictionary<(string What, string Detail), TensorNameSet> _alike = [];
    private int _unlisted;

    public bool IsEmpty => _entries.Count == 0;

    /// <summary>A sentence of its own.</summary>
    public void Add(string sentence)
    {
        if (_entries.Count < MostLines)
        {
            _entries.Add((sentence, "", null));
        }
        else
        {
            _unlisted++;
        }
    }

    /// <summary>A problem of one tensor; the line reads "what name(s)detail".</summary>
    public void Add(string what, string tensor, string detail)
    {
        if (!_alike.TryGetValue((what, detail), out TensorNameSet? names))
        {
            if (_entries.Count >= MostLines)
            {
                _unlisted++;
                return;
            }

            names = new TensorNameSet();
            _alike.Add((what, detail), names);
            _entries.Add((what, detail, names));
        }

        names.Add(tensor);
    }

    public List<string> ToLines()
    {
        List<string> lines = [];
        foreach ((string what, string detail, TensorNameSet? names) in _entries)
        {
            if (names is null)
            {
                lines.Add(what);
                continue;
            }

            foreach ((string name, long count) in names.Condense())
            {
                lines.Add(count == 1 ? $"{what} {name}{detail}" : $"{what} {count} tensors {name}{detail}");
            }
        }

        int unlisted = _unlisted + Math.Max(lines.Count - MostLines, 0);
        if (unlisted > 0)
        {
            lines.RemoveRange(Math.Min(MostLines, lines.Count), Math.Max(lines.Count - MostLines, 0));
            lines.Add($"and {unlisted} more");
        }

        return lines;
    }

    public static string Describe(string where, IReadOnlyList<string> problems)
    {
        string noun = problems.Count == 1 ? "problem" : "problems";
        return $"{where}: {problems.Count} {noun}:\n  - {string.Join("\n  - ", problems)}";
    }
}
