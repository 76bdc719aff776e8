using System.Text;
using System.Text.RegularExpressions;

namespace Glm5.Tests.Conformance.Emulator;

/// <summary>The table of one profile: for each voice and argument, the check that saw it spoilt.</summary>
internal sealed partial class MistakeTable
{
    /// <summary>What stands where no check saw it, and some check has to.</summary>
    public const string Unseen = "**unseen**";

    private readonly SortedDictionary<string, SortedDictionary<string, string>> _voices = new(StringComparer.Ordinal);

    /// <summary>The arguments of all voices with what stands beside them.</summary>
    public IEnumerable<KeyValuePair<string, string>> Rows => _voices.Values.SelectMany(rows => rows);

    /// <summary>Reads a table; an empty one where there is no file.</summary>
    public static MistakeTable Read(string file)
    {
        var table = new MistakeTable();
        string voice = "";
        foreach (string line in File.Exists(file) ? File.ReadLines(file) : [])
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
                voice = line[3..line.IndexOf(':')];
            else if (Row().Match(line) is { Success: true } row)
                table.Set(voice, row.Groups[1].Value, row.Groups[2].Value);
        }

        return table;
    }

    /// <summary>Sets what saw an argument.</summary>
    public void Set(string voice, string argument, string seenBy)
    {
        if (!_voices.TryGetValue(voice, out SortedDictionary<string, string>? rows))
            _voices[voice] = rows = new SortedDictionary<string, string>(StringComparer.Ordinal);
        rows[argument] = seenBy;
    }

    /// <summary>Takes an argument out: it is not passed any more.</summary>
    public void Remove(string voice, string argument)
    {
        if (_voices.TryGetValue(voice, out SortedDictionary<string, string>? rows))
            rows.Remove(argument);
    }

    /// <summary>Writes it.</summary>
    public void Write(string file)
    {
        var text = new StringBuilder($"# Planted mistakes on {Path.GetFileNameWithoutExtension(file)}\n");
        foreach ((string voice, SortedDictionary<string, string> rows) in _voices)
        {
            int unseen = rows.Values.Count(seenBy => seenBy == Unseen), harmless = rows.Values.Count(seenBy => seenBy.StartsWith("none", StringComparison.Ordinal));
            text.Append($"\n## {voice}: {rows.Count - unseen - harmless} of {rows.Count} seen, {harmless} harmless\n\n");
            text.Append("| argument | the first check that saw it |\n|---|---|\n");
            foreach ((string argument, string seenBy) in rows)
                text.Append($"| {argument} | {seenBy} |\n");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text.ToString());
    }

    [GeneratedRegex(@"^\| ((?:aclnn|Hccl)\w+/\w+) \| (.*) \|$")]
    private static partial Regex Row();
}
