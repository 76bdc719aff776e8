using System.Collections.Immutable;

namespace Glm5.Host.Metrics;

/// <summary>One line of an exported metric.</summary>
/// <param name="Suffix">What its name has behind the family's: <c>_bucket</c>, <c>_sum</c>, <c>_count</c> or nothing.</param>
/// <param name="Labels">In their order.</param>
/// <param name="Value">As it was written.</param>
internal readonly record struct Sample(string Suffix, ImmutableArray<KeyValuePair<string, string>> Labels, string Value)
{
    /// <summary>The value of a label; null without it.</summary>
    public string? Label(string name)
    {
        foreach ((string label, string value) in Labels)
        {
            if (label == name)
                return value;
        }

        return null;
    }
}

/// <summary>A metric with all its lines.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind"><c>counter</c>, <c>gauge</c> or <c>histogram</c>.</param>
/// <param name="Help">What it tells.</param>
/// <param name="Samples">Its lines.</param>
internal sealed record Family(string Name, string Kind, string Help, List<Sample> Samples);

/// <summary>
/// Metrics in Prometheus' text format, as the exporter writes it: families with their type and help first. Labels of the
/// exporter's own, which name the meter, are left out.
/// </summary>
internal sealed class ExportedMetrics
{
    private const string TypeMark = "# TYPE ", HelpMark = "# HELP ", ScopeLabel = "otel_scope_";

    private readonly Dictionary<string, Family> _families = new(StringComparer.Ordinal);

    /// <summary>A metric; null while nothing was measured.</summary>
    public Family? Find(string name) => _families.GetValueOrDefault(name);

    /// <summary>Reads the text.</summary>
    public static ExportedMetrics Read(string text)
    {
        var metrics = new ExportedMetrics();
        Family? family = null;
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(TypeMark))
                family = metrics.Begin(line[TypeMark.Length..]);
            else if (line.StartsWith(HelpMark) && family is not null)
                family = metrics._families[family.Name] = family with { Help = Behind(line[HelpMark.Length..]) };
            else if (line.Length > 0 && line[0] != '#' && family is not null)
                family.Samples.Add(ReadSample(line, family.Name));
        }

        return metrics;
    }

    private Family Begin(ReadOnlySpan<char> nameAndKind)
    {
        int space = nameAndKind.IndexOf(' ');
        string name = nameAndKind[..space].ToString();
        return _families[name] = new Family(name, nameAndKind[(space + 1)..].ToString(), "", []);
    }

    private static string Behind(ReadOnlySpan<char> nameAndText) => nameAndText[(nameAndText.IndexOf(' ') + 1)..].ToString();

    private static Sample ReadSample(ReadOnlySpan<char> line, string family)
    {
        int open = line.IndexOf('{'), close = open < 0 ? -1 : EndOfLabels(line, open);
        int endOfName = open < 0 ? line.IndexOf(' ') : open;
        ReadOnlySpan<char> value = line[(Math.Max(close, endOfName - 1) + 1)..].Trim(' ');
        int timestamp = value.IndexOf(' ');
        return new Sample(
            line[family.Length..endOfName].ToString(), open < 0 ? [] : ReadLabels(line[(open + 1)..close]),
            (timestamp < 0 ? value : value[..timestamp]).ToString());
    }

    private static int EndOfLabels(ReadOnlySpan<char> line, int open)
    {
        bool quoted = false;
        for (int i = open; i < line.Length; i++)
        {
            if (line[i] == '\\')
                i++;
            else if (line[i] == '"')
                quoted = !quoted;
            else if (line[i] == '}' && !quoted)
                return i;
        }

        throw new FormatException($"labels do not end: {line}");
    }

    /// <summary>Values stay escaped: they are only ever written again.</summary>
    private static ImmutableArray<KeyValuePair<string, string>> ReadLabels(ReadOnlySpan<char> labels)
    {
        ImmutableArray<KeyValuePair<string, string>>.Builder read = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        while (labels.IndexOf("=\"") is > 0 and var equals)
        {
            ReadOnlySpan<char> name = labels[..equals].TrimStart(", ");
            int end = equals + 2;
            while (labels[end] != '"')
                end += labels[end] == '\\' ? 2 : 1;
            if (!name.StartsWith(ScopeLabel))
                read.Add(new(name.ToString(), labels[(equals + 2)..end].ToString()));
            labels = labels[(end + 1)..];
        }

        return read.ToImmutable();
    }
}
